import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { registerBody, widgetBody } from '../factories/bodies';
import { spawnApp, type App } from '../support/app';
import { eventually } from '../support/eventually';
import { temporaryDirectory } from '../support/temporary';
import { startSource, type TestSource } from './source';

jest.setTimeout(120_000);

const NAMES = ['a', 'b', 'c', 'd', 'e'];

let directory: string;
let source: TestSource;
let app: App;
let url: string;
beforeAll(async () => {
  directory = temporaryDirectory();
  source = await startSource();
});
afterAll(async () => {
  await app.kill('SIGKILL');
  await source.close();
  rmSync(directory, { recursive: true, force: true });
});

/** `npm start` in a folder of its own. */
async function start(): Promise<void> {
  app = spawnApp('start', {
    DATA_DIR: directory,
    HOST: '127.0.0.1',
    PORT: '0',
    ALLOW_PRIVATE_HOSTS: `127.0.0.1:${source.port}`,
  });
  const { port } = JSON.parse(await app.waitForLine(/"msg":"ready"/)) as { port: number };
  url = `http://127.0.0.1:${port}/api/v1`;
}

async function call(path: string, body?: object, token?: string): Promise<{ status: number; data: never }> {
  const response = await fetch(`${url}${path}`, {
    method: body ? 'POST' : 'GET',
    headers: { 'Content-Type': 'application/json', ...(token && { Authorization: `Bearer ${token}` }) },
    ...(body && { body: JSON.stringify(body) }),
  });
  return { status: response.status, ...((await response.json()) as { data: never }) };
}

function goesOn(): Promise<boolean> {
  const seen = NAMES.map((name) => source.count(name));
  return eventually('every widget is refreshed again and again', () =>
    NAMES.every((name, index) => source.count(name) > (seen[index] ?? 0) + 1),
  );
}

it('npm start loses nothing that is due when its Postgres is killed, nor when it is killed itself', async () => {
  await start();
  const account = registerBody();
  const { data: registered } = await call('/auth/register', account);
  const { accessToken: token } = (registered as { tokens: { accessToken: string } }).tokens;
  await app.waitForLine(/mail kept in the local mailbox/);
  const ids: string[] = [];
  for (const name of NAMES) {
    source.answerAll(name, () => source.count(name));
    const body = widgetBody({ source: source.source(name), schedule: { everySeconds: 1 } });
    const { data } = await call('/widgets', body, token);
    ids.push((data as { id: string }).id);
  }
  await goesOn();

  const serverPid = Number(
    readFileSync(join(directory, 'postgres', 'postmaster.pid'), 'utf8').split('\n', 1)[0],
  );
  process.kill(serverPid, 'SIGKILL');
  await goesOn();
  const answer = await eventually('reads are answered', async () => {
    const read = await call(`/widgets/${ids[0]}/data`, undefined, token);
    return read.status === 200 ? read : undefined;
  });
  expect(answer.data).toMatchObject({ status: 'ok', error: null });
  expect(app.proc.exitCode).toBeNull();

  await app.kill('SIGKILL');
  await start();
  await goesOn();
  expect(NAMES.map((name) => source.mostAtOnce(name))).toEqual(NAMES.map(() => 1));
  const { email, password } = account;
  expect((await call('/auth/login', { email, password })).status).toBe(200);
  const mailbox = await fetch(url.replace('/api/v1', '/dev/mailbox'));
  expect(await mailbox.text()).toContain(`To ${email}`);
  expect(await app.kill('SIGTERM')).toEqual({ code: 0, signal: null });
});
