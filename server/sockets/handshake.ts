import type { ExtendedError } from 'socket.io';
import { z } from 'zod';
import { API_KEY_MARK } from '../../domain/api-keys/key';
import { HttpError } from '../../lib/errors';
import { newId } from '../../lib/ids';
import type { Presence } from '../../realtime/presence';
import type { ServerContext } from '../context';
import { failureOf } from './failure';
import { EVENTS_BURST, MAX_LOGIN_ATTEMPTS } from './limits';
import type { ClientSocket } from './socket';

/** JWTs of ours are below 1 KB. */
const authSchema = z.object({ token: z.string().min(1).max(8_192) });

/** Connections and how often each tried to log in; `pending` while one try is under way. */
type Attempts = WeakMap<object, { count: number; pending: boolean }>;

/**
 * Logs a socket in: token, session, membership, then its place among the person's connections. What is refused
 * gets `connect_error` with `data: {code, message}`, and no event of ours before or after.
 */
export function handshake(
  { authenticator, logger }: ServerContext,
  presence: Presence,
): (socket: ClientSocket, next: (error?: ExtendedError) => void) => void {
  const attempts: Attempts = new WeakMap();

  async function logIn(socket: ClientSocket): Promise<void> {
    const auth = authSchema.safeParse(socket.handshake.auth);
    if (!auth.success) throw new HttpError(401, 'invalid_token', 'Send the access token as auth.token.');
    if (auth.data.token.startsWith(API_KEY_MARK)) {
      throw new HttpError(
        403,
        'api_key_refused',
        'An API key opens no socket. Log in and send its access token.',
      );
    }
    const { actor, expiresAt } = await authenticator.authenticate(auth.data.token);
    const connection = {
      id: newId(),
      businessId: actor.businessId,
      userId: actor.userId,
      sessionId: actor.sessionId,
      dashboards: undefined,
    };
    await presence.connect(connection);
    // Gone while we asked: 'disconnect' never fires for a socket that was not connected yet.
    if (socket.conn.readyState !== 'open') {
      presence.disconnect(connection);
      throw new HttpError(499, 'closed', 'The connection was closed.');
    }
    Object.assign(socket.data, {
      actor,
      expiresAt: expiresAt.getTime(),
      isExpiryAnnounced: false,
      connection,
      conversations: undefined,
      tokens: EVENTS_BURST,
      tokensAt: Date.now(),
      overLimit: 0,
      last: undefined,
    } satisfies ClientSocket['data']);
  }

  return (socket, next) => {
    const refuse = (error: unknown) => {
      const { code, message } = failureOf(error, logger, 'connect');
      next(Object.assign(new Error(message), { data: { code, message } }));
    };
    const tried = attempts.get(socket.conn) ?? { count: 0, pending: false };
    attempts.set(socket.conn, tried);
    tried.count += 1;
    if (tried.count > MAX_LOGIN_ATTEMPTS) {
      socket.conn.close(true);
      return refuse(new HttpError(429, 'rate_limited', 'Too many logins on this connection.'));
    }
    // Socket.IO would let one connection open the same namespace many times while the first waits for us.
    if (tried.pending)
      return refuse(new HttpError(409, 'connecting', 'A login is under way on this connection.'));
    tried.pending = true;
    logIn(socket)
      .then(() => next(), refuse)
      .finally(() => {
        tried.pending = false;
      });
  };
}
