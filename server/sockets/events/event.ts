import type { z } from 'zod';
import type { SocketContext } from '../context';
import type { ClientSocket } from '../socket';

/** Something a client may ask for over its socket. */
export interface SocketEvent<Payload extends z.ZodType = z.ZodType> {
  /** As product.md names it. */
  name: string;
  payload: Payload;
  /**
   * Asks the policy, does it, and returns what the acknowledgement holds beside `ok: true`. One at a time per socket.
   * @throws HttpError with the code and message for the client
   */
  handle(context: SocketContext, socket: ClientSocket, payload: z.output<Payload>): Promise<object>;
}

/** Declares an event; its handler is typed by its schema. */
export const defineEvent = <Payload extends z.ZodType>(event: SocketEvent<Payload>): SocketEvent => event;
