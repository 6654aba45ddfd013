import { rmSync } from 'node:fs';
import { newId } from '../../lib/ids';
import type {
  PresentedConversation,
  PresentedMessage,
  PresentedRun,
} from '../../domain/presenters/conversation';
import { createRunWorld, type RunWorld } from '../domain/runs/fixture';
import { SECRET, type Person } from '../realtime/fixture';
import { spawnApp, type App } from '../support/app';
import { startRedis } from '../support/redis';
import { startTestSandbox, type TestSandbox } from '../support/sandbox';
import { temporaryDirectory } from '../support/temporary';
import type { Broker, ServerProcess } from './stage';

/** What a message is answered with. */
export interface Asked {
  conversation: PresentedConversation;
  message: PresentedMessage;
  reply: PresentedMessage;
  run: PresentedRun;
}

/** Real processes that answer chats, with a sandbox behind them. */
export interface ChatStage extends RunWorld {
  sandbox: TestSandbox;
  /** On Redis HTTP and sockets only; on the Postgres broker everything, as `npm start` is. */
  startServer(env?: Record<string, string>): Promise<ServerProcess>;
  /** Only on Redis. */
  startWorker(env?: Record<string, string>): Promise<App>;
  /** An agent without tools whose model is the sandbox's script. */
  agentId: string;
  /** A JSON request; `status` with the answer's `data`. */
  call<Data>(
    server: ServerProcess,
    person: Person,
    path: string,
    body?: object,
  ): Promise<{ status: number; data: Data }>;
  /** Asks the agent, in a new conversation unless one is named. */
  chat(server: ServerProcess, person: Person, message: string, conversationId?: string): Promise<Asked>;
  close(): Promise<void>;
}

export async function openChatStage(broker: Broker): Promise<ChatStage> {
  const [world, sandbox, redis] = await Promise.all([
    createRunWorld(),
    startTestSandbox(),
    broker === 'redis' ? startRedis() : undefined,
  ]);
  const directory = temporaryDirectory();
  const apps: App[] = [];
  await world.sql(
    'update businesses set chats_per_minute = 10000, chats_per_hour = 10000, chats_per_day = 10000',
  );
  const agentId = newId();
  await world.sql(
    `insert into agents (id, business_id, name, type, system_prompt, model, max_tokens, tools)
     values ($1, $2, 'Ada', 'analyst', 'Be brief.', 'sandbox/sandbox-script', 2000, '{}')`,
    [agentId, world.businessId],
  );
  const spawn = (entry: 'server' | 'worker' | 'start', env: Record<string, string>): App => {
    const app = spawnApp(entry, {
      DATABASE_URL: world.url,
      JWT_SECRET: SECRET,
      ENCRYPTION_KEYS: SECRET,
      SANDBOX_URL: sandbox.url,
      ALLOW_PRIVATE_HOSTS: new URL(sandbox.url).host,
      HOST: '127.0.0.1',
      PORT: '0',
      LOG_LEVEL: 'info',
      DATA_DIR: directory,
      ...(redis && { REDIS_URL: redis.url }),
      ...env,
    });
    apps.push(app);
    return app;
  };
  const call: ChatStage['call'] = async <Data>(
    server: ServerProcess,
    { token }: Person,
    path: string,
    body?: object,
  ) => {
    const response = await fetch(`${server.url}${path}`, {
      method: body ? 'POST' : 'GET',
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    });
    return { status: response.status, data: ((await response.json()) as { data: Data }).data };
  };
  return {
    ...world,
    sandbox,
    agentId,
    call,
    async startServer(env = {}) {
      const app = spawn(broker === 'redis' ? 'server' : 'start', env);
      const ready = await app.waitForLine(broker === 'redis' ? /server ready/ : /"msg":"ready"/);
      const { port } = JSON.parse(ready) as { port: number };
      return { app, port, url: `http://127.0.0.1:${port}/api/v1` };
    },
    async startWorker(env = {}) {
      const app = spawn('worker', env);
      await app.waitForLine(/worker ready/);
      return app;
    },
    async chat(server, person, message, conversationId) {
      const body = { message, ...(conversationId && { conversationId }) };
      const { status, data } = await call<Asked>(server, person, `/agents/${agentId}/chat`, body);
      if (status !== 202) throw new Error(`The chat was answered ${status}.`);
      return data;
    },
    async close() {
      const isRunning = ({ proc }: App) => proc.exitCode === null && proc.signalCode === null;
      await Promise.all(apps.filter(isRunning).map((app) => app.kill('SIGKILL')));
      await sandbox.close();
      await redis?.stop();
      await world.drop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
