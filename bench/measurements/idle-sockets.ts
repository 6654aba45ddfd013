import { setTimeout as sleep } from 'node:timers/promises';
import { connectMany, connectSocket } from '../clients/socket-io';
import { inTurns, type Figures } from '../harness/rounds';
import type { FigureSpec } from '../harness/section';
import { startHelper } from '../parts/helper';
import { inspectable, readMemory } from '../parts/inspector';
import { makeTenant, type Tenant } from '../parts/people';
import { startProduct } from '../parts/product';
import { onStage, type Stage } from '../parts/stage';
import type { Measurement } from './measurement';

const SOCKETS = 2_000;
/** The product lets a person have twenty sockets: a hundred people of five businesses. */
const BUSINESSES = 5;
const SOCKETS_PER_MEMBER = 20;
const MEMBERS = SOCKETS / SOCKETS_PER_MEMBER / BUSINESSES;
/** Sockets that come and go first, so that what every server makes once is not counted as theirs. */
const WARM_UP_SOCKETS = 400;
/** Until what a coming or going set off (presence, announcements) is over, ms. */
const QUIET_MS = 4_000;
const KB = 1_024;

const figures: FigureSpec[] = [
  {
    key: 'rss',
    label: 'resident, per socket',
    unit: 'KB',
    better: 'lower',
    goal: { of: 'best', atMost: 20 },
  },
  { key: 'heap', label: 'of it V8 heap', unit: 'KB', better: 'lower' },
];

/** Where a process can be connected to, and looked into. */
interface Subject {
  pid: number;
  port: number;
  inspectorPort: number;
}

/** What a logged-in socket costs a server while nothing happens. A new process each round. */
export const idleSockets: Measurement = async ({ servers, rounds, show }) => {
  const ours = () =>
    onStage(servers, 'redis', async (stage) => {
      const tenants: Tenant[] = [];
      for (let n = 0; n < BUSINESSES; n += 1) tenants.push(await makeTenant(stage, MEMBERS));
      const { port: inspectorPort, nodeArgument } = await inspectable();
      const { pid, port } = await startProduct(stage, 'server', [nodeArgument]);
      return weigh(stage, { pid, port, inspectorPort }, (index) => {
        const member = Math.floor(index / SOCKETS_PER_MEMBER);
        return tenants[member % BUSINESSES]?.token(Math.floor(member / BUSINESSES));
      });
    });
  const baseline = () =>
    onStage(servers, 'redis', async (stage) => {
      const { port: inspectorPort, nodeArgument } = await inspectable();
      const setting = { redisUrl: stage.redisUrl };
      const helper = await startHelper(stage, 'baselines/bare-sockets', setting, [nodeArgument]);
      const port = (await helper.ask('port')) as number;
      return weigh(stage, { pid: helper.pid, port, inspectorPort }, () => undefined);
    });
  show({
    title: `idle-sockets: memory of one of ${SOCKETS} idle sockets, logged in, in its rooms, present`,
    baseline: 'bare Socket.IO with the same adapter and one room; no login',
    figures,
    rounds: await inTurns(rounds, ours, baseline),
    notes: ['after three garbage collections, before and behind; a new process for each figure'],
  });
};

async function weigh(
  stage: Stage,
  { pid, port, inspectorPort }: Subject,
  tokenOf: (index: number) => string | undefined,
): Promise<Figures> {
  const ignore = () => undefined;
  const connect = (count: number) =>
    connectMany(count, (index) => connectSocket(port, tokenOf(index), ignore));
  const warmUp = await connect(WARM_UP_SOCKETS);
  for (const client of warmUp) client.close();
  await sleep(QUIET_MS);
  const before = await readMemory(pid, inspectorPort);
  const clients = await connect(SOCKETS);
  stage.closing.add(() => clients.forEach((client) => client.close()));
  await sleep(QUIET_MS);
  const after = await readMemory(pid, inspectorPort);
  return {
    rss: (after.rss - before.rss) / SOCKETS / KB,
    heap: (after.heap - before.heap) / SOCKETS / KB,
  };
}
