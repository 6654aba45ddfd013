import type { Context } from 'koa';
import { Readable } from 'node:stream';
import { findMessage, readProgress, type RunProgress } from '../../domain/conversations/read';
import { presentMessage, presentRun, type RunRow } from '../../domain/presenters/conversation';
import type { Actor } from '../../domain/roles';
import { runEventsChannel } from '../../domain/runs/signals';
import type { MessageDelta } from '../../realtime/events';
import { conversationRoom } from '../../realtime/rooms';
import type { ServerContext } from '../context';

/** How often Postgres is asked while nothing is missing, ms; as often as a worker writes the text so far. */
const LOOK_EVERY_MS = 500;
/** Between two comments that keep proxies from closing an idle stream, ms (nginx's limit is 60 s). */
const KEEP_ALIVE_MS = 15_000;
/** How often the reader's session is looked at, ms (product.md, promise 7). */
const CHECK_ACCESS_MS = 5_000;
/** Asked of a reader before it comes back, ms. */
const RETRY_MS = 1_000;

/** Where a reader stands: text of which epoch, and how much of it. `id` of an event, `Last-Event-ID` of a request. */
export interface StreamPosition {
  epoch: number;
  position: number;
}

/** @returns undefined where it is not one of ours: the stream then begins at the beginning */
export function parseEventId(text: string): StreamPosition | undefined {
  const match = /^(\d{1,9})\.(\d{1,9})$/.exec(text);
  return match ? { epoch: Number(match[1]), position: Number(match[2]) } : undefined;
}

const event = (name: string, data: unknown, { epoch, position }: StreamPosition) =>
  `event: ${name}\nid: ${epoch}.${position}\ndata: ${JSON.stringify(data)}\n\n`;

const isFinal = (status: string) => status === 'completed' || status === 'stopped' || status === 'failed';

/** Which run is read. */
type StreamedRun = Pick<RunRow, 'id' | 'conversationId'>;

/** What is heard of a run, kept until it is taken: pieces of its text, and `changed`, on which Postgres is asked. */
function inbox({ broker }: ServerContext, run: StreamedRun) {
  const heard: (MessageDelta | 'changed')[] = [];
  let wake: () => void = () => undefined;
  const hear = (one: MessageDelta | 'changed') => {
    heard.push(one);
    wake();
  };
  const stopListening = broker.rooms.listen(conversationRoom(run.conversationId), (_event, payload) => {
    const delta = payload as MessageDelta;
    if (delta.runId === run.id) hear(delta);
  });
  // Not awaited: while Redis is away it may not come, and what Postgres says is enough, only slower.
  const subscribed = broker.signals.subscribe(runEventsChannel(run.id), () => hear('changed'));
  subscribed.catch(() => undefined);
  return {
    take: () => heard.shift(),
    async waitForMore(ms: number): Promise<void> {
      if (heard.length > 0) return;
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        wake = resolve;
        timer = setTimeout(resolve, ms);
      });
      clearTimeout(timer);
    },
    close() {
      stopListening();
      subscribed.then((end) => end()).catch(() => undefined);
    },
  };
}

/**
 * A run's text from where the reader stands, as it comes, then how it ended (product.md, "Tokens"). What Postgres
 * holds is joined with live deltas by position, so that the pieces make exactly the message; text of a new epoch
 * starts from the beginning, after a `run.changed` that says so.
 */
async function* eventsOf(
  context: ServerContext,
  actor: Actor,
  streamed: StreamedRun,
  from: StreamPosition | undefined,
  mayGoOn: () => Promise<boolean>,
): AsyncGenerator<string> {
  const runId = streamed.id;
  const box = inbox(context, streamed);
  const at: StreamPosition = { epoch: from?.epoch ?? -1, position: from?.position ?? 0 };
  let version = 0;
  let [checkedAt, spokeAt] = [performance.now(), performance.now()];
  const delta = (progress: { replyId: string }, text: string) => {
    const payload = { messageId: progress.replyId, runId, epoch: at.epoch, position: at.position, text };
    at.position += text.length;
    return event('message.delta', payload, at);
  };
  try {
    yield `retry: ${RETRY_MS}\n\n`;
    for (;;) {
      const progress: RunProgress | undefined = await readProgress(context.db, actor, runId);
      if (!progress) return;
      if (progress.run.epoch !== at.epoch) Object.assign(at, { epoch: progress.run.epoch, position: 0 });
      if (progress.run.version !== version && !isFinal(progress.run.status)) {
        version = progress.run.version;
        yield event('run.changed', presentRun(progress.run), at);
      }
      const missing = progress.content.slice(at.position);
      if (missing) yield delta(progress, missing);
      if (isFinal(progress.run.status)) {
        const message = await findMessage(context.db, actor.businessId, progress.replyId);
        if (message) yield event('message.completed', presentMessage(message), at);
        yield event('run.changed', presentRun(progress.run), at);
        return;
      }
      const lookAt = performance.now() + LOOK_EVERY_MS;
      for (let isCurrent = true; isCurrent && performance.now() < lookAt;) {
        await box.waitForMore(lookAt - performance.now());
        for (let one = box.take(); one && isCurrent; one = isCurrent ? box.take() : undefined) {
          if (one === 'changed' || one.epoch > at.epoch) isCurrent = false;
          else if (one.epoch === at.epoch && one.position <= at.position) {
            const text = one.text.slice(at.position - one.position);
            if (text) yield delta(progress, text);
          }
        }
      }
      const now = performance.now();
      if (now - checkedAt >= CHECK_ACCESS_MS) {
        if (!(await mayGoOn())) return;
        checkedAt = now;
      }
      if (now - spokeAt >= KEEP_ALIVE_MS) {
        yield ': still there\n\n';
        spokeAt = now;
      }
    }
  } finally {
    box.close();
  }
}

/**
 * The stream for one reader of a run of their own. It ends with the run, with their login or key, or when they go; it
 * reads no further ahead than they take.
 * @param koa of the request, once it was authenticated
 */
export function streamRun(
  context: ServerContext,
  actor: Actor,
  koa: Pick<Context, 'state'>,
  run: StreamedRun,
  from?: StreamPosition,
): Readable {
  const mayGoOn = koa.state.mayGoOn as () => Promise<boolean>;
  return Readable.from(eventsOf(context, actor, run, from, mayGoOn), { objectMode: false });
}
