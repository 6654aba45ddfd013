import type { z } from 'zod';
import type { Actor } from '../../../domain/roles';
import type { SocketContext } from '../context';
import type { ClientSocket } from '../socket';

/** Something a client may ask for over its socket. */
export interface SocketEvent<Payload extends z.ZodType = z.ZodType> {
  /** As product.md names it. */
  name: string;
  payload: Payload;
  /**
   * Who may: asked before {@link handle}.
   * @throws HttpError for whoever may not; 404 for what they may not even see
   */
  access(context: SocketContext, actor: Actor, payload: z.output<Payload>): Promise<void>;
  /**
   * Does it, and returns what the acknowledgement holds beside `ok: true`. One at a time per socket.
   * @throws HttpError with the code and message for the client
   */
  handle(context: SocketContext, socket: ClientSocket, payload: z.output<Payload>): Promise<object>;
}

/** For whoever is logged in, which every socket is. */
export const everyLogin = async (): Promise<void> => undefined;

/** Declares an event; its handler is typed by its schema. */
export const defineEvent = <Payload extends z.ZodType>(event: SocketEvent<Payload>): SocketEvent => event;
