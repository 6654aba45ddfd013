import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { openStage, type ServerProcess, type Stage } from '../crash/stage';
import type { App } from '../support/app';
import { eventually } from '../support/eventually';
import { startHostileSources } from './hostile-sources';

jest.setTimeout(90_000);

/** The whole path with real processes: a schedule falls due, a worker asks, the widget says what came of it. */
let stage: Stage;
let server: ServerProcess;
let worker: App;
let hostile: Awaited<ReturnType<typeof startHostileSources>>;
const forbidden = createServer((_, response) => {
  forbiddenRequests += 1;
  response.end('{"secret":true}');
});
let forbiddenRequests = 0;

beforeAll(async () => {
  stage = await openStage('redis');
  await new Promise<void>((resolve) => forbidden.listen(0, '127.0.0.1', resolve));
  const { port } = forbidden.address() as AddressInfo;
  hostile = await startHostileSources(`http://127.0.0.1:${port}/`);
  const allowed = `127.0.0.1:${stage.source.port},127.0.0.1:${hostile.port}`;
  [server, worker] = await Promise.all([
    stage.startServer(),
    stage.startWorker({ ALLOW_PRIVATE_HOSTS: allowed }),
  ]);
});
afterAll(async () => {
  await stage.close();
  await hostile.close();
  await new Promise((resolve) => forbidden.close(resolve));
});

const get = async (path: string): Promise<unknown> => {
  const response = await fetch(`${server.url}${path}`, {
    headers: { Authorization: `Bearer ${stage.owner.token}` },
  });
  return ((await response.json()) as { data: unknown }).data;
};

const schedule = { everySeconds: 3_600 };
const url = (text: string) => ({ kind: 'http', url: text, method: 'GET', headers: {} });

describe('a widget whose source misbehaves says why, while the others stay fresh', () => {
  const sources: [behaviour: string, status: string, code: string, message: RegExp][] = [
    ['hangs', 'failing', 'timeout', /not complete within 10 s/],
    ['drips', 'failing', 'timeout', /not complete within 10 s/],
    ['fails', 'failing', 'http_status', /answered 500 Internal Server Error/],
    ['refuses', 'paused', 'http_status', /answered 401 Unauthorized.*credentials/],
    ['busy', 'failing', 'http_status', /answered 429/],
    ['page', 'failing', 'invalid_json', /HTML|JSON/],
    ['huge', 'failing', 'response_too_large', /larger|too large|more than/],
    ['elsewhere', 'failing', 'address_not_allowed', /address/],
    ['metadata', 'failing', 'address_not_allowed', /address/],
    ['empty', 'failing', 'empty_response', /no content|empty|nothing/],
    ['cut', 'failing', 'network_error', /closed the connection before its answer was complete/],
    ['private', 'failing', 'address_not_allowed', /address/],
  ];
  const ids = new Map<string, string>();
  beforeAll(async () => {
    stage.source.answerAll('good', () => stage.source.count('good'));
    await stage.addWidget('good', { schedule: { everySeconds: 1 } });
    for (const [behaviour] of sources) {
      const source = behaviour === 'private' ? url('http://10.0.0.1/') : hostile.source(behaviour);
      ids.set(behaviour, await stage.addWidget(behaviour, { schedule, source }));
    }
    // Long enough for the source that hangs to hold its slot all the while.
    const seen = stage.source.count('good');
    await eventually('a good widget goes on', () => stage.source.count('good') > seen + 4);
  });

  it('Retry-After is waited for', async () => {
    const id = ids.get('busy') ?? '';
    await stage.reaches(id, 'it was tried', ({ failures }) => failures > 0);
    const [busy] = await stage.world.sql(
      `select extract(epoch from due_at - now())::float8 as "inSeconds" from widget_schedules where widget_id = $1`,
      [id],
    );
    expect(Number(busy?.inSeconds)).toBeGreaterThan(1_700);
  });

  it.each(sources)('%s', async (behaviour, status, code, message) => {
    const id = ids.get(behaviour) ?? '';
    const state = await stage.reaches(id, 'the widget says why', ({ error }) => error !== null);
    // What failed may have been tried again by now, what is paused not.
    expect(state).toMatchObject({ crashes: 0, paused: status === 'paused' });
    expect(state.due === null).toBe(status === 'paused');
    const data = await get(`/widgets/${id}/data`);
    expect(data).toMatchObject({
      data: null,
      status,
      error: { code, message: expect.stringMatching(message) },
    });
    // What the server says of itself, or points to, is not shown.
    expect(JSON.stringify(data)).not.toMatch(/127\.0\.0\.1|169\.254|stack trace/);
  });

  it('and none of it harmed the worker, nor reached what it must not', async () => {
    expect(forbiddenRequests).toBe(0);
    expect(worker.proc.exitCode).toBeNull();
    expect(worker.output.filter((line) => /"level":"(error|fatal)"/.test(line))).toEqual([]);
  });
});

it('the tenth failure in a row pauses the widget and tells its owner, who can start it again', async () => {
  const id = await stage.addWidget('tenth', { schedule, source: hostile.source('fails'), dueInMs: null });
  await stage.world.sql('update widget_schedules set failures = 8, due_at = now() where widget_id = $1', [
    id,
  ]);
  await stage.reaches(id, 'the ninth', ({ failures }) => failures === 9);
  expect(await stage.world.state(id)).toMatchObject({ status: 'failing', paused: false });
  await stage.world.sql('update widget_schedules set due_at = now() where widget_id = $1', [id]);
  const state = await stage.reaches(id, 'the pause', ({ paused }) => paused);
  expect(state).toMatchObject({ failures: 10, due: null, status: 'paused' });
  const notifications = (await get('/notifications')) as { subject: { widgetId: string } }[];
  expect(notifications.filter(({ subject }) => subject.widgetId === id)).toHaveLength(1);

  stage.source.answerAll('mended', () => 'mended');
  const source = JSON.stringify(stage.source.source('mended'));
  await stage.world.sql('update widgets set source = $2 where id = $1', [id, source]);
  const asked = await fetch(`${server.url}/widgets/${id}/refresh`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${stage.owner.token}` },
  });
  expect(asked.status).toBe(202);
  await asked.text();
  const mended = await stage.reaches(id, 'it works again', ({ status }) => status === 'ok');
  expect(mended).toMatchObject({ data: 'mended', paused: false, failures: 0 });
  expect(mended.due).not.toBeNull();
});
