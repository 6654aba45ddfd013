import { Emitter } from '@socket.io/redis-emitter';
import { Redis } from 'ioredis';
import pino from 'pino';
import { presentWidgetData } from '../../domain/presenters/widget-data';
import { openBroker } from '../../lib/broker';
import { newId } from '../../lib/ids';
import { envelope } from '../../realtime/envelope';
import { createPublish } from '../../realtime/publish';
import { businessRoom } from '../../realtime/rooms';
import { BARE_ROOM } from '../baselines/bare-io';
import { nowMicros } from '../../lib/clock';
import { SENT_PREFIX } from './events';
import { serveCommands } from './helper';
import { CHART } from './widgets';

/** How often a paced publisher looks whether an event is due, ms. */
const TICK_MS = 2;

export interface PublisherSetting {
  /** The product's own way, or the bare emitter. */
  kind: 'product' | 'bare';
  databaseUrl: string;
  redisUrl: string;
  businessId: string;
}

/** A refreshed widget as the workers announce it; its request id tells when it was sent. */
const payloadOf = (businessId: string) => ({
  ...presentWidgetData({
    widgetId: newId(),
    data: CHART,
    version: 2,
    status: 'ok',
    error: null,
    refreshedAt: new Date(),
    ttlSeconds: 300,
  }),
  ...envelope(businessId, 2, `${SENT_PREFIX}${nowMicros()}`),
});

async function publishOf({ kind, databaseUrl, redisUrl, businessId }: PublisherSetting): Promise<() => void> {
  if (kind === 'product') {
    const broker = openBroker({ databaseUrl, redisUrl, logger: pino({ level: 'warn' }) });
    await broker.ready();
    const publish = createPublish(broker.rooms);
    return () => publish([businessRoom(businessId)], 'widget.updated', payloadOf(businessId));
  }
  const redis = new Redis(redisUrl);
  await redis.ping();
  const emitter = new Emitter(redis);
  return () => void emitter.to(BARE_ROOM).emit('widget.updated', payloadOf(businessId));
}

/** A process that announces to a room, as a worker does. */
serveCommands(async (setting: PublisherSetting) => {
  const publish = await publishOf(setting);
  return {
    burst({ count }: { count: number }) {
      for (let n = 0; n < count; n += 1) publish();
    },
    /** At a steady rate, whatever becomes of them. @returns how many */
    pace: ({ perSecond, seconds }: { perSecond: number; seconds: number }) =>
      new Promise<number>((resolve) => {
        const begun = performance.now();
        const wanted = Math.round(perSecond * seconds);
        let sent = 0;
        const timer = setInterval(() => {
          const due = Math.min(wanted, Math.floor(((performance.now() - begun) / 1000) * perSecond));
          for (; sent < due; sent += 1) publish();
          if (sent < wanted) return;
          clearInterval(timer);
          resolve(sent);
        }, TICK_MS);
      }),
  };
});
