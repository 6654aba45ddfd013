import { setTimeout as sleep } from 'node:timers/promises';
import type { PresentedMessage, PresentedRun } from '../../domain/presenters/conversation';
import type { MessageDelta } from '../../realtime/events';
import { ApiError } from '../watch/api';
import { serverSent } from './server-sent';

/** Pause before reading on where a stream broke, ms: what a server asks for itself. */
const AGAIN_AFTER_MS = 1_000;

export type ReplyEvent =
  | { name: 'message.delta'; data: MessageDelta }
  | { name: 'message.completed'; data: PresentedMessage }
  | { name: 'run.changed'; data: PresentedRun };

export const isFinal = ({ status }: PresentedRun): boolean =>
  status === 'completed' || status === 'stopped' || status === 'failed';

export interface ReplySource {
  /** Of the API, without a path. */
  url: string;
  accessToken(): Promise<string>;
  /** Told when the stream broke; it is read on from where it was. */
  onBroken(problem: string): void;
  /** Ends the reading, without an error. */
  signal: AbortSignal;
}

/**
 * What happens to a reply, from the beginning to its end, over `GET /runs/:id/stream`: however often the connection
 * breaks, it goes on behind the last event that came.
 * @throws ApiError where the server refuses
 */
export async function* replyEvents(source: ReplySource, runId: string): AsyncGenerator<ReplyEvent> {
  const { url, signal, onBroken } = source;
  let lastEventId = '';
  while (!signal.aborted) {
    try {
      const response = await fetch(`${url}/api/v1/runs/${runId}/stream`, {
        headers: {
          authorization: `Bearer ${await source.accessToken()}`,
          ...(lastEventId && { 'last-event-id': lastEventId }),
        },
        signal,
      });
      if (!response.ok || !response.body) throw await refusal(response);
      for await (const event of serverSent(response.body)) {
        lastEventId = event.id || lastEventId;
        yield event as ReplyEvent;
        if (event.name === 'run.changed' && isFinal(event.data as PresentedRun)) return;
      }
      // Without an end of the run it is the login that ended, or the server that stops.
      onBroken('the stream ended early');
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof ApiError && error.status < 500) throw error;
      onBroken((error as Error).message);
    }
    await sleep(AGAIN_AFTER_MS, undefined, { signal }).catch(() => undefined);
  }
}

async function refusal(response: Response): Promise<ApiError> {
  const answer = (await response.json().catch(() => ({}))) as { message?: string };
  return new ApiError(response.status, answer.message ?? `HTTP ${response.status}`);
}
