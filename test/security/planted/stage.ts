import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { Redis } from 'ioredis';
import { freePort } from '../../../db/embedded/port';
import { JWT_SECRET } from '../../server/serve';
import { spawnApp, type App } from '../../support/app';
import { createTestDatabase } from '../../support/postgres';
import { startRedis, type TestRedis } from '../../support/redis';
import { startSmtp, type TestSmtp } from '../../support/smtp';

export const METRICS_TOKEN = 'planted-metrics-token-1b7f';
export const ENCRYPTION_KEY = 'planted-encryption-key-1b7f';

/** A server and a worker as processes of their own, with all that they tell Redis written down. */
export interface PlantedStage {
  port: number;
  databaseUrl: string;
  /** Sends back every header that it is sent, in a refusal: an outside world that keeps no secret. */
  parrot: { url: string; host: string; heard(): string };
  smtp: TestSmtp;
  /** Everything that was ever sent to Redis, and what it holds. */
  redisTexts(): Promise<string>;
  /** Both processes' output. */
  log(): string;
  workerMetricsPort: number;
  close(): Promise<void>;
}

export async function openPlantedStage(): Promise<PlantedStage> {
  const [database, redis, smtp] = await Promise.all([createTestDatabase(), startRedis(), startSmtp()]);
  const parrot = await startParrot();
  const watch = await watchRedis(redis);
  const workerMetricsPort = await freePort();
  const { host: postgresHost } = new URL(database.url);
  const environment = {
    DATABASE_URL: database.url,
    REDIS_URL: redis.url,
    JWT_SECRET,
    ENCRYPTION_KEYS: ENCRYPTION_KEY,
    METRICS_TOKEN,
    ALLOW_PRIVATE_HOSTS: `${parrot.host},${postgresHost}`,
    SMTP_URL: smtp.url,
    PUBLIC_URL: 'http://liveboard.test',
    MAIL_FROM: 'no-reply@example.test',
    HOST: '127.0.0.1',
    PORT: '0',
    WORKER_METRICS_PORT: String(workerMetricsPort),
    LOG_LEVEL: 'trace',
    TRUSTED_PROXIES: '1',
  };
  const apps: App[] = [spawnApp('server', environment), spawnApp('worker', environment)];
  const [server, worker] = apps as [App, App];
  const [line] = await Promise.all([server.waitForLine(/server ready/), worker.waitForLine(/worker ready/)]);
  return {
    port: (JSON.parse(line) as { port: number }).port,
    databaseUrl: database.url,
    parrot,
    smtp,
    redisTexts: watch.texts,
    log: () => apps.flatMap(({ output }) => output).join('\n'),
    workerMetricsPort,
    async close() {
      await Promise.all(apps.map((app) => app.kill('SIGTERM')));
      await watch.close();
      await Promise.all([smtp.close(), parrot.close(), redis.stop()]);
      await database.drop();
    },
  };
}

async function startParrot() {
  let heard = '';
  const server: Server = createServer((request, response) => {
    const said = JSON.stringify(request.headers);
    heard += said;
    request.resume();
    request.on('end', () => {
      response.writeHead(401, { 'Content-Type': 'application/json', 'WWW-Authenticate': 'Bearer' });
      const message = `Incorrect API key provided: ${request.headers.authorization}. You sent ${said}`;
      response.end(
        JSON.stringify({ error: { message, type: 'authentication_error', code: 'invalid_api_key' } }),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: `http://${host}`,
    host,
    heard: () => heard,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/**
 * Every command the server gets, as MONITOR prints it. Over a socket of its own: ioredis's monitor() throws where the
 * first command comes in the same packet as the OK that starts it.
 */
async function monitorRedis(url: string, heard: (line: string) => void): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  const lines = createInterface({ input: socket });
  lines.on('line', (line) => heard(line.replaceAll('\\"', '"')));
  socket.write('MONITOR\r\n');
  const [answer] = (await once(lines, 'line')) as [string];
  if (answer !== '+OK') throw new Error(`Redis does not monitor: ${answer}`);
  return socket;
}

/** Every command with its arguments, and every message on every channel. */
async function watchRedis({ url }: TestRedis) {
  const [client, listener] = [new Redis(url), new Redis(url)];
  let said = '';
  const monitor = await monitorRedis(url, (line) => (said += `${line}\n`));
  listener.on(
    'pmessageBuffer',
    (_pattern, _channel, message: Buffer) => (said += message.toString('latin1')),
  );
  await listener.psubscribe('*');
  async function held(): Promise<string> {
    const readers: Record<string, (key: string) => Promise<unknown>> = {
      string: (key) => client.get(key),
      hash: (key) => client.hgetall(key),
      list: (key) => client.lrange(key, 0, '-1'),
      set: (key) => client.smembers(key),
      zset: (key) => client.zrange(key, 0, '-1'),
      stream: (key) => client.xrange(key, '-', '+'),
    };
    const keys = await client.keys('*');
    const values = await Promise.all(
      keys.map(async (key) => [key, await readers[await client.type(key)]?.(key)]),
    );
    return JSON.stringify(values);
  }
  return {
    texts: async () => said + (await held()),
    async close() {
      monitor.destroy();
      listener.disconnect();
      await client.quit();
    },
  };
}
