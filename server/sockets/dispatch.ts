import type { z } from 'zod';
import { badRequest, HttpError, unauthorized } from '../../lib/errors';
import type { Failure } from '../../realtime/events';
import type { SocketContext } from './context';
import { EVENTS } from './events';
import { failureOf } from './failure';
import { takeToken } from './rate-limit';
import type { ClientSocket } from './socket';

type Acknowledge = (answer: { ok: true } | Failure) => void;

/** Where a client wants no answer. */
const SILENT: Acknowledge = () => undefined;

const tooFast: Failure = {
  ok: false,
  error: { code: 'rate_limited', message: 'Too many events. Wait a moment and try again.' },
};

/**
 * Answers whatever a client sends. The only way in: one listener for every event, so that unknown names, wrong or
 * extra arguments and a missing callback all end in an answer or in nothing, and never in a throw.
 */
export function answerEvents(context: SocketContext, socket: ClientSocket): void {
  socket.onAny((name: unknown, ...args: unknown[]) => {
    const last = args.at(-1);
    const acknowledge = typeof last === 'function' ? (args.pop(), last as Acknowledge) : SILENT;
    const verdict = takeToken(socket.data);
    if (verdict === 'flooding') {
      context.logger.warn({ userId: socket.data.actor.userId }, 'closed a socket that floods us with events');
      socket.disconnect(true);
      return;
    }
    if (verdict === 'limited') return acknowledge(tooFast);
    const answer = async () => acknowledge(await answerTo(context, socket, String(name), args));
    const { data } = socket;
    const turn = (data.last ?? Promise.resolve()).then(answer).catch((error: unknown) => {
      context.logger.error({ err: error, event: name }, 'an answer could not be sent');
    });
    data.last = turn;
    void turn.finally(() => {
      if (data.last === turn) data.last = undefined;
    });
  });
}

async function answerTo(
  context: SocketContext,
  socket: ClientSocket,
  name: string,
  args: readonly unknown[],
): Promise<{ ok: true } | Failure> {
  try {
    const event = EVENTS.get(name);
    if (!event) throw new HttpError(404, 'unknown_event', 'There is no such event.');
    if (args.length > 1) throw badRequest('An event takes one payload.');
    if (socket.data.expiresAt <= Date.now())
      throw unauthorized('The access token has run out.', 'invalid_token');
    const payload = parse(event.payload, args[0]);
    await event.access(context, socket.data.actor, payload);
    return { ok: true, ...(await event.handle(context, socket, payload)) };
  } catch (error) {
    return { ok: false, error: failureOf(error, context.logger, name) };
  }
}

/** @throws HttpError 400 that names the field */
function parse(schema: z.ZodType, value: unknown): unknown {
  const result = schema.safeParse(value ?? {});
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw badRequest(`${issue?.path.join('.') || 'payload'}: ${issue?.message ?? 'is not valid'}`);
}
