import { updatedWidget } from '../parts/events';
import { connectSocket } from './socket-io';

/** No event for this long, ms, while some are missing: they are lost. Longer than any wait of the product's own. */
const SILENCE_LIMIT_MS = 30_000;

/** A connected client that counts `widget.updated`. */
export interface EventCounter {
  /** Resolves when each of these widgets was announced, with the moments, ms, in the order they came. */
  expect(widgetIds: readonly string[]): Promise<number[]>;
  close(): void;
}

export async function countEvents(port: number, token: string | undefined): Promise<EventCounter> {
  let missing = new Set<string>();
  let moments: number[] = [];
  let lastAt = 0;
  let onAll: () => void = () => undefined;
  const socket = await connectSocket(port, token, (packet) => {
    const widgetId = updatedWidget(packet);
    if (widgetId === undefined || !missing.delete(widgetId)) return;
    lastAt = performance.now();
    moments.push(lastAt);
    if (missing.size === 0) onAll();
  });
  return {
    expect(widgetIds) {
      missing = new Set(widgetIds);
      moments = [];
      lastAt = performance.now();
      return new Promise((resolve, reject) => {
        const watch = setInterval(() => {
          if (performance.now() - lastAt < SILENCE_LIMIT_MS) return;
          clearInterval(watch);
          reject(new Error(`${missing.size} of ${widgetIds.length} events did not come.`));
        }, 1_000);
        onAll = () => {
          clearInterval(watch);
          resolve(moments);
        };
      });
    },
    close: socket.close,
  };
}
