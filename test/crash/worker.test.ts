import type { App } from '../support/app';
import { eventually } from '../support/eventually';
import { together, type Broker, type Stage } from './stage';

jest.setTimeout(150_000);

/** SIGKILL of a worker in mid-refresh: another one does it, alone. */
async function killed({ world, source, addWidget, startWorker, reaches }: Stage): Promise<void> {
  const doomed = await startWorker();
  const id = await addWidget('held');
  await source.request('held', 1);
  // Before another one starts: on a busy machine that takes longer than a source may.
  await doomed.kill('SIGKILL');
  await startWorker();
  const second = await source.request('held', 2);
  expect(await world.state(id)).toMatchObject({ started: true, crashes: 1, data: null });
  second.answer('from the survivor');
  const state = await reaches(id, 'the survivor’s data', ({ status }) => status === 'ok');
  expect(state).toMatchObject({ data: 'from the survivor', crashes: 0, history: 1, claimed: false });
  expect(source.mostAtOnce('held')).toBe(1);
  expect(source.count('held')).toBe(2);
}

/** SIGSTOP for longer than the lock: what the worker has in hand when it wakes up is refused. */
async function frozen({ world, source, addWidget, startWorker, reaches }: Stage): Promise<void> {
  const sleeper = await startWorker();
  const id = await addWidget('slow');
  const first = await source.request('slow', 1);
  sleeper.proc.kill('SIGSTOP');
  await startWorker();
  const second = await source.request('slow', 2);
  second.answer('new');
  const before = await reaches(id, 'the newer data', ({ status }) => status === 'ok');
  first.answer('old');
  sleeper.proc.kill('SIGCONT');
  await sleeper.waitForLine(/came too late/);
  expect(await world.state(id)).toMatchObject({ data: 'new', version: before.version, history: 1 });
  expect(source.count('slow')).toBe(2);
}

/** A widget whose refresh kills the process: three times, then nobody touches it. */
async function poisonous(stage: Stage): Promise<void> {
  const { world, source, addWidget, startWorker, reaches } = stage;
  source.answerAll('good', () => Date.now());
  const poison = await addWidget('poison', { schedule: { everySeconds: 1 }, dueInMs: 0 });
  const good = await addWidget('good', { schedule: { everySeconds: 1 } });
  let worker: App | undefined;
  for (let death = 1; death <= 3; death += 1) {
    worker = await startWorker();
    await source.request('poison', death);
    const seen = source.count('good');
    await eventually('another widget goes on', () => source.count('good') > seen);
    // Whose refresh is in hand when its worker dies three times is taken for the one that kills it.
    await reaches(good, 'nobody’s', ({ claimed }) => !claimed);
    await worker.kill('SIGKILL');
  }
  await startWorker();
  await eventually('the lease of the third is half over', async () => {
    const [row] = await world.sql(
      `select from widget_schedules where widget_id = $1 and lease_until < now() + interval '10 s'`,
      [poison],
    );
    return row;
  });
  const state = await reaches(poison, 'the quarantine', ({ status }) => status === 'paused');
  expect(state).toMatchObject({ error: { code: 'quarantined' }, due: null, paused: true, claimed: false });
  const told = await world.sql(`select from notifications where type = 'widget.paused'`);
  expect(told).toHaveLength(1);
  const seen = source.count('good');
  await eventually('the others go on', () => source.count('good') > seen + 1);
  expect(source.count('poison')).toBe(3);
  expect(source.mostAtOnce('poison')).toBe(1);
  expect(await world.state(good)).toMatchObject({ status: 'ok', paused: false });
}

/** SIGTERM in mid-refresh: what is in hand is finished, nothing new is begun, and the process ends well. */
async function stopped({ world, source, addWidget, startWorker }: Stage): Promise<void> {
  const worker = await startWorker();
  const id = await addWidget('last');
  const request = await source.request('last', 1);
  const exited = worker.kill('SIGTERM');
  await worker.waitForLine(/shutting down/);
  const later = await addWidget('too late');
  request.answer('finished');
  expect(await exited).toEqual({ code: 0, signal: null });
  expect(await world.state(id)).toMatchObject({ data: 'finished', status: 'ok', claimed: false });
  expect(await world.state(later)).toMatchObject({ data: null, crashes: 0 });
  expect(source.count('too late')).toBe(0);
  const [nodes] = await world.sql('select count(*)::int from worker_nodes');
  expect(nodes).toEqual({ count: 0 });
}

/** SIGTERM while a source never answers: it ends within the 30 s, without a failure of the process. */
async function stoppedWhileHanging({ source, addWidget, startWorker, reaches }: Stage): Promise<void> {
  const worker = await startWorker();
  const id = await addWidget('hanging');
  await source.request('hanging', 1);
  const begun = performance.now();
  expect(await worker.kill('SIGTERM')).toEqual({ code: 0, signal: null });
  expect(performance.now() - begun).toBeLessThan(30_000);
  await reaches(id, 'the refresh is nobody’s', ({ claimed, started }) => !claimed && !started);
}

const BROKERS: Broker[] = ['redis', 'postgres'];
const SCENES = { poisonous, killed, frozen, stopped, stoppedWhileHanging };

let scene: (broker: Broker, name: keyof typeof SCENES) => Promise<void>;
beforeAll(() => {
  scene = together(BROKERS, SCENES);
});

describe.each(BROKERS)('on %s, a worker', (broker) => {
  it('that is killed in mid-refresh is followed by another', async () => {
    await expect(scene(broker, 'killed')).resolves.toBeUndefined();
  });
  it('that was frozen can’t write over newer data', async () => {
    await expect(scene(broker, 'frozen')).resolves.toBeUndefined();
  });
  it('that is stopped finishes what it has in hand', async () => {
    await expect(scene(broker, 'stopped')).resolves.toBeUndefined();
  });
  it('that is stopped leaves a source that never answers', async () => {
    await expect(scene(broker, 'stoppedWhileHanging')).resolves.toBeUndefined();
  });
  it('is taken down by a widget three times at most', async () => {
    await expect(scene(broker, 'poisonous')).resolves.toBeUndefined();
  });
});
