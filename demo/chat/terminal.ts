import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

/** A person at a keyboard, or lines from a pipe. */
export interface Terminal {
  /** Shows a prompt and waits for a line. undefined: they left (Ctrl-C or Ctrl-D), or no more lines come. */
  ask(prompt: string): Promise<string | undefined>;
  /** Text as it comes, without a line's end. */
  write(text: string): void;
  /** A line of its own, whatever stands there before. */
  note(text: string, style?: Style): void;
  /** Called on Ctrl-C while nothing is asked. */
  onInterrupt(listener: (() => void) | undefined): void;
  close(): void;
}

interface Streams {
  input: NodeJS.ReadableStream;
  output: Writable;
  /** Keys come one by one, and Ctrl-C is one of them. */
  isTerminal: boolean;
  colours: boolean;
}

export function openTerminal({ input, output, isTerminal, colours }: Streams): Terminal {
  const paint = (style: Style, text: string) =>
    colours ? styleText(style, text, { validateStream: false }) : text;
  let isAtLineStart = true;
  let isAsking = false;
  let interrupted: (() => void) | undefined;
  const write = (text: string) => {
    if (text === '') return;
    isAtLineStart = text.endsWith('\n');
    output.write(text);
  };
  // What is typed while an answer is written is not shown in the middle of it.
  const echo = new Writable({
    write(chunk: Buffer, _, done) {
      if (isAsking) output.write(chunk);
      done();
    },
  });
  const lines = createInterface({ input, output: echo, terminal: isTerminal });
  const waiting: string[] = [];
  let isOver = false;
  let answer: ((line: string | undefined) => void) | undefined;
  const reply = (line: string | undefined) => {
    const take = answer;
    answer = undefined;
    isAsking = false;
    isAtLineStart = true;
    take?.(line);
  };
  lines.on('line', (line) => (answer ? reply(line) : waiting.push(line)));
  lines.on('close', () => {
    isOver = true;
    if (isAsking) output.write('\n');
    reply(undefined);
  });
  lines.on('SIGINT', () => (answer ? lines.close() : interrupted?.()));

  return {
    ask(prompt) {
      const [typed] = isTerminal ? [] : waiting.splice(0, 1);
      // Enter pressed while an answer was written is no question.
      if (isTerminal) waiting.length = 0;
      if (typed !== undefined) {
        this.note(`${prompt}${typed}`, 'bold');
        return Promise.resolve(typed);
      }
      if (isOver) return Promise.resolve(undefined);
      if (!isAtLineStart) write('\n');
      if (isTerminal) {
        isAsking = true;
        lines.setPrompt(paint('bold', prompt));
        lines.prompt(true);
      }
      return new Promise((resolve) => {
        answer = (line) => {
          if (!isTerminal && line !== undefined) this.note(`${prompt}${line}`, 'bold');
          resolve(line);
        };
      });
    },
    write,
    note(text, style = 'gray') {
      if (!isAtLineStart) write('\n');
      write(`${paint(style, text)}\n`);
    },
    onInterrupt: (listener) => void (interrupted = listener),
    close: () => lines.close(),
  };
}
