import type { ServerEvents } from '../../realtime/events';
import type { Closing } from '../harness/closing';
import { openHttp, requestBytes } from './http';
import { connectSocket, type SocketClient } from './socket-io';
import { msSinceMoment } from '../../sandbox/answer/moment';
import { tell } from '../parts/agents';
import type { Ask } from './streams';

/** Conversations that one person has open, on one socket. */
const PER_PERSON = 10;
/** An answer that has not ended by then, ms, is lost. */
const ANSWER_LIMIT_MS = 120_000;

const DELTA = '["message.delta"';
const COMPLETED = '["message.completed"';

interface Watched {
  firstAt?: number;
  lagsMs: number[];
  completed?: () => void;
}

/** What one person's socket hears of their runs, by run. Events may come before the answer that names the run. */
class Listener {
  private readonly runs = new Map<string, Watched>();

  readonly hear = (packet: Buffer): void => {
    const text = packet.toString('utf8', 2);
    if (text.startsWith(DELTA)) {
      const { runId, text: words } = payloadOf<'message.delta'>(text);
      const run = this.of(runId);
      run.firstAt ??= performance.now();
      run.lagsMs.push(msSinceMoment(words));
    } else if (text.startsWith(COMPLETED)) {
      const { runId, status } = payloadOf<'message.completed'>(text);
      if (status !== 'completed') throw new Error(`A reply ended as ${status}: ${text}`);
      const run = this.of(runId ?? '');
      run.completed ??= () => undefined;
      run.completed();
    }
  };

  /** Resolves when the run's reply is final. @returns what was heard of it */
  async end(runId: string): Promise<Watched> {
    const run = this.of(runId);
    if (!run.completed) {
      await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`Run ${runId} did not end.`)), ANSWER_LIMIT_MS);
        run.completed = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.runs.delete(runId);
    return run;
  }

  private of(runId: string): Watched {
    const known = this.runs.get(runId);
    if (known) return known;
    const run: Watched = { lagsMs: [] };
    this.runs.set(runId, run);
    return run;
  }
}

const payloadOf = <Name extends keyof ServerEvents>(text: string): ServerEvents[Name] =>
  (JSON.parse(text) as [Name, ServerEvents[Name]])[1];

interface Chats {
  agentId: string;
  count: number;
  /** Of the nth person. */
  token(person: number): string;
  /** Of their answers. */
  tokensPerSecond: number;
}

/**
 * As many conversations with the agent, each open on its person's socket.
 * @param closing of their connections
 */
export async function openChats(closing: Closing, port: number, chats: Chats): Promise<Ask[]> {
  const people = Array.from({ length: Math.ceil(chats.count / PER_PERSON) }, async (_, person) => {
    const token = chats.token(person);
    const listener = new Listener();
    const socket = await connectSocket(port, token, listener.hear);
    closing.add(() => socket.close());
    const asks: Ask[] = [];
    for (let n = person * PER_PERSON; n < Math.min(chats.count, (person + 1) * PER_PERSON); n += 1) {
      asks.push(await openChat(closing, port, { ...chats, token, listener, socket }));
    }
    return asks;
  });
  return (await Promise.all(people)).flat();
}

interface OneChat extends Pick<Chats, 'agentId' | 'tokensPerSecond'> {
  token: string;
  listener: Listener;
  socket: SocketClient;
}

/** It begins with a question: what comes before the conversation is open is not heard. */
async function openChat(
  closing: Closing,
  port: number,
  { agentId, tokensPerSecond, token, listener, socket }: OneChat,
): Promise<Ask> {
  const http = await openHttp(port);
  closing.add(() => http.close());
  const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
  const bodyOf = (tokens: number, conversationId?: string) =>
    JSON.stringify({ message: tell(tokens, tokensPerSecond), conversationId });
  const post = async (body: string) => {
    const answer = await http.ask(requestBytes('POST', `/api/v1/agents/${agentId}/chat`, headers, body));
    if (answer.status !== 202) throw new Error(`A question was answered ${answer.status}: ${answer.body}`);
    return (JSON.parse(answer.body) as { data: { conversation: { id: string }; run: { id: string } } }).data;
  };
  const { conversation, run: first } = await post(bodyOf(1));
  await Promise.all([
    listener.end(first.id),
    socket.emit('conversation.open', { conversationId: conversation.id }),
  ]);
  return async (tokens) => {
    const body = bodyOf(tokens, conversation.id);
    const askedAt = performance.now();
    const { run } = await post(body);
    const { firstAt, lagsMs } = await listener.end(run.id);
    if (firstAt === undefined) throw new Error(`Run ${run.id} ended, and nobody heard a word of it.`);
    return { firstMs: firstAt - askedAt, lagsMs };
  };
}
