import type { ServerEvents } from '../../realtime/events';
import type { Stage } from '../parts/stage';
import { openHttp, requestBytes } from './http';
import { connectSocket, type SocketClient } from './socket-io';
import { msSinceMoment } from '../../sandbox/answer/moment';
import { tell } from '../parts/agents';
import type { Answered, Ask } from './streams';

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

  /** Resolves when the run's reply is final. */
  async end(runId: string, askedAt: number): Promise<Answered> {
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
    if (run.firstAt === undefined) throw new Error(`Run ${runId} ended, and nobody heard a word of it.`);
    return { firstMs: run.firstAt - askedAt, lagsMs: run.lagsMs };
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

/**
 * As many conversations with the agent, each open on its person's socket.
 * @param token of the nth person
 * @param tokensPerSecond of their answers
 */
export async function openChats(
  stage: Stage,
  port: number,
  {
    agentId,
    count,
    token,
    tokensPerSecond,
  }: { agentId: string; count: number; token(person: number): string; tokensPerSecond: number },
): Promise<Ask[]> {
  const asks: Ask[] = [];
  for (let person = 0; asks.length < count; person += 1) {
    const listener = new Listener();
    const socket = await connectSocket(port, token(person), listener.hear);
    stage.closing.add(() => socket.close());
    for (let n = 0; n < PER_PERSON && asks.length < count; n += 1) {
      asks.push(
        await openChat(stage, port, { agentId, tokensPerSecond, token: token(person), listener, socket }),
      );
    }
  }
  return asks;
}

async function openChat(
  stage: Stage,
  port: number,
  {
    agentId,
    tokensPerSecond,
    token,
    listener,
    socket,
  }: {
    agentId: string;
    tokensPerSecond: number;
    token: string;
    listener: Listener;
    socket: SocketClient;
  },
): Promise<Ask> {
  const http = await openHttp(port);
  stage.closing.add(() => http.close());
  const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
  let conversationId: string | undefined;
  return async (tokens) => {
    const body = JSON.stringify({ message: tell(tokens, tokensPerSecond), conversationId });
    const request = requestBytes('POST', `/api/v1/agents/${agentId}/chat`, headers, body);
    const askedAt = performance.now();
    const answer = await http.ask(request);
    if (answer.status !== 202) throw new Error(`A question was answered ${answer.status}: ${answer.body}`);
    const { data } = JSON.parse(answer.body) as {
      data: { conversation: { id: string }; run: { id: string } };
    };
    const ended = listener.end(data.run.id, askedAt);
    if (conversationId === undefined) {
      conversationId = data.conversation.id;
      await socket.emit('conversation.open', { conversationId });
    }
    return ended;
  };
}
