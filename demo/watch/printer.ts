import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

/** Columns of the name and of what happened to it. */
const NAME_WIDTH = 32;
const TEXT_WIDTH = 44;

export interface Printer {
  /** One thing that happened. `aside` stands at the end: version, latency. */
  line(name: string, text: string, aside?: string, style?: Style): void;
  /** About the connection itself. */
  note(text: string, style?: Style): void;
}

/** @param colours false where the output is no terminal */
export function createPrinter(
  write: (line: string) => void,
  colours: boolean,
  now = () => new Date(),
): Printer {
  const paint = (style: Style, text: string) =>
    colours ? styleText(style, text, { validateStream: false }) : text;
  const time = () => paint('gray', now().toTimeString().slice(0, 8));
  return {
    line(name, text, aside = '', style = 'reset') {
      const told = aside ? `${text.padEnd(TEXT_WIDTH)}  ${paint('gray', aside)}` : text;
      write(`${time()}  ${paint('bold', fit(name, NAME_WIDTH))}  ${paint(style, told)}`);
    },
    note: (text, style = 'cyan') => write(`${time()}  ${paint(style, text)}`),
  };
}

const fit = (text: string, width: number): string =>
  text.length <= width ? text.padEnd(width) : `${text.slice(0, width - 1)}…`;
