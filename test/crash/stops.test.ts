import type { Socket } from 'socket.io-client';
import type { PresentedMessage, PresentedRun } from '../../domain/presenters/conversation';
import type { LoggedRequest } from '../../sandbox/control/request-log';
import type { MessageDelta } from '../../realtime/events';
import { ReplyText } from '../../realtime/reply-text';
import type { Person } from '../realtime/fixture';
import { ask, connected, open } from '../server/sockets/node';
import { eventually } from '../support/eventually';
import { scripted } from '../support/sandbox';
import { openChatStage, type Asked, type ChatStage } from './chat-stage';
import type { Broker, ServerProcess } from './stage';

jest.setTimeout(120_000);

/** Pairs, marks that combine, and letters of three bytes, so that a cut in a wrong place shows. About 3 s of text. */
const TEXT = 'Umsätze 売上は上昇 👩‍👩‍👧 e\u0301 🇯🇵 und so weiter. '.repeat(14);
const ANSWER = scripted({ text: TEXT, tokensPerSecond: 80 });
/** About half of those that a whole answer comes in, so that also on a busy machine stops meet it in the middle. */
const PIECES = 48;

/** When a stop is asked for: as soon as this is seen. */
type Moment = 'asked' | 'running' | 'at the provider' | 'over' | { pieces: number };

/** The same on every run of the test. */
function moments(count: number, seed: number): Moment[] {
  let state = seed;
  const random = (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const early: Moment[] = ['asked', 'running', 'at the provider', 'over'];
  return Array.from({ length: count }, () => early[random(20)] ?? { pieces: random(PIECES) });
}

/** One person with one conversation, open on one socket. */
interface Lane {
  person: Person;
  socket: Socket;
  conversationId: string;
  deltas: MessageDelta[];
  completed: PresentedMessage[];
  runs: PresentedRun[];
}

interface Stopped {
  moment: Moment;
  asked: Asked;
  status: number;
  /** Pieces that the socket had when the stop was acknowledged. */
  heard: number;
  lane: Lane;
}

const of = <Thing extends { runId: string | null }>(things: readonly Thing[], runId: string) =>
  things.filter((thing) => thing.runId === runId);

async function openLane(stage: ChatStage, server: ServerProcess, person: Person): Promise<Lane> {
  const { conversation, run } = await stage.chat(server, person, 'Hello');
  const socket = open(server.port, { auth: { token: person.token } });
  const lane: Lane = { person, socket, conversationId: conversation.id, deltas: [], completed: [], runs: [] };
  socket.on('message.delta', (delta: MessageDelta) => lane.deltas.push(delta));
  socket.on('message.completed', (message: PresentedMessage) => lane.completed.push(message));
  socket.on('run.changed', (changed: PresentedRun) => lane.runs.push(changed));
  await connected(socket);
  expect(await ask(socket, 'conversation.open', { conversationId: conversation.id })).toEqual({ ok: true });
  await eventually('the first answer is over', async () => {
    const [row] = await stage.sql('select status from runs where id = $1', [run.id]);
    return row?.status === 'completed';
  });
  return lane;
}

async function reach(stage: ChatStage, lane: Lane, { run }: Asked, moment: Moment): Promise<void> {
  const isOver = () => of(lane.completed, run.id).length > 0;
  await eventually(`${JSON.stringify(moment)} of ${run.id}`, async () => {
    if (moment === 'asked' || isOver()) return true;
    if (moment === 'over') return false;
    if (moment === 'running')
      return lane.runs.some(({ id, status }) => id === run.id && status === 'running');
    if (moment !== 'at the provider') return of(lane.deltas, run.id).length >= moment.pieces;
    const rows = await stage.sql('select id from ledger where run_id = $1', [run.id]);
    return rows.length > 0;
  });
}

/** What one turn of the event loop brings of a socket and of an answer over HTTP comes in any order. */
const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

async function stopAt(stage: ChatStage, server: ServerProcess, lane: Lane, moment: Moment): Promise<Stopped> {
  const asked = await stage.chat(server, lane.person, ANSWER, lane.conversationId);
  await reach(stage, lane, asked, moment);
  let { status } = await stage.call<PresentedRun>(server, lane.person, `/runs/${asked.run.id}/cancel`, {});
  // 202: its worker has not let go yet, and the stop is acknowledged by the run's end.
  while (status === 202) {
    ({ status } = await stage.call<PresentedRun>(server, lane.person, `/runs/${asked.run.id}/cancel`, {}));
  }
  await nextTurn();
  await nextTurn();
  const heard = of(lane.deltas, asked.run.id).length;
  expect(status).toBe(200);
  return { moment, asked, status, heard, lane };
}

/** Stops answers on several conversations at once, and looks at what became of each. */
async function stopMany(stage: ChatStage, server: ServerProcess, total: number, lanes: number) {
  // Each person's requests are limited, so there are several.
  const people: Person[] = [];
  while (people.length < lanes) people.push(await stage.addPerson(stage.businessId));
  const all = await Promise.all(people.map((person) => openLane(stage, server, person)));
  await stage.sandbox.reset();
  const stopped = await Promise.all(
    all.map(async (lane, index) => {
      const done: Stopped[] = [];
      for (const moment of moments(total / lanes, index))
        done.push(await stopAt(stage, server, lane, moment));
      // Whatever was on its way to this socket is there before this answer.
      await ask(lane.socket, 'presence.list');
      return done;
    }),
  );
  for (const { socket } of all) socket.disconnect();
  return stopped.flat();
}

interface Ended {
  id: string;
  status: string;
  content: string;
  replyStatus: string;
  cost: string;
  booked: string;
  calls: { id: string; status: string; outcome: string }[];
}

async function readEnds(stage: ChatStage): Promise<Map<string, Ended>> {
  const rows = (await stage.sql(
    `select r.id, r.status, m.content, m.status as "replyStatus", r.cost_nano::text as cost,
            (select coalesce(sum(l.cost_nano), 0)::text from ledger l where l.run_id = r.id) as booked,
            coalesce((select json_agg(json_build_object('id', l.id, 'status', l.status, 'outcome', l.outcome))
                        from ledger l where l.run_id = r.id), '[]') as calls
       from runs r join messages m on m.id = r.reply_id`,
  )) as unknown as Ended[];
  return new Map(rows.map((row) => [row.id, row]));
}

/** What is wrong with a stopped run, in words; its calls at the provider by their ledger rows. */
function* problemsOf(
  { asked, heard, lane }: Stopped,
  end: Ended,
  requests: ReadonlyMap<string | null, LoggedRequest>,
): Generator<string> {
  const pieces = of(lane.deltas, end.id);
  const reply = new ReplyText();
  for (const piece of pieces) reply.add(piece);
  const announced = of(lane.completed, end.id).map(({ id, content }) => [id, content]);
  const isWhole = end.status === 'completed';
  if (!isWhole && end.status !== 'stopped') yield `it ended ${end.status}`;
  if (end.replyStatus !== end.status) yield `its reply is ${end.replyStatus}`;
  if (pieces.length > heard) yield `${pieces.length - heard} pieces came after the stop was acknowledged`;
  if (reply.text !== end.content) yield `the pieces say "${reply.text}", the message "${end.content}"`;
  if (isWhole ? end.content !== TEXT : !TEXT.startsWith(end.content)) yield `it says "${end.content}"`;
  if (JSON.stringify(announced) !== JSON.stringify([[asked.reply.id, end.content]])) {
    yield `announced as final: ${JSON.stringify(announced)}`;
  }
  if (end.cost !== end.booked) yield `it costs ${end.cost}, its calls ${end.booked}`;
  if (end.content !== '' && (end.calls.length !== 1 || end.cost === '0')) yield 'its text cost nothing';
  for (const { id, status, outcome } of end.calls) {
    const seen = requests.get(id)?.outcome;
    if (status !== 'settled') yield `a call is ${status}`;
    if (isWhole ? outcome !== 'completed' || seen !== 'completed' : outcome === 'stopped' && !seen) {
      yield `its call is booked as ${outcome}, the provider says ${seen}`;
    }
  }
}

describe.each([
  ['redis', 200, 20],
  ['postgres', 20, 10],
] as const)('stops on %s', (broker: Broker, total, lanes) => {
  it(`${total} of them leave no call open, no money held and no word too many`, async () => {
    const stage = await openChatStage(broker);
    try {
      await stage.sql(
        `insert into budgets (id, business_id, scope_kind, period, hard_limit_nano)
         values (gen_random_uuid(), $1, 'business', 'day', 1000000000000)`,
        [stage.businessId],
      );
      const server = await stage.startServer();
      if (broker === 'redis') await stage.startWorker();
      const stopped = await stopMany(stage, server, total, lanes);
      const ends = await readEnds(stage);
      const requests = await eventually('the sandbox has no open connection', async () => {
        const all = await stage.sandbox.requests();
        return all.every(({ outcome }) => outcome !== 'open') ? all : undefined;
      });
      const byLedgerRow = new Map(requests.map((request) => [request.clientRequestId, request]));
      const problems = stopped.flatMap((one) => {
        const end = ends.get(one.asked.run.id) as Ended;
        return [...problemsOf(one, end, byLedgerRow)].map((problem) => [end.id, one.moment, problem]);
      });
      expect(problems).toEqual([]);
      expect(stopped).toHaveLength(total);
      const cut = requests.filter(({ outcome }) => outcome === 'client_closed');
      // On a quiet machine nearly all stops meet an answer in the middle; on a busy one more come too late.
      expect(cut.length).toBeGreaterThan(0);
      const [money] = await stage.sql(
        `select (select count(*)::int from ledger where status <> 'settled') as open,
                (select count(*)::int from ledger_holds) as holds,
                (select sum(held_nano)::text from budget_periods) as held,
                (select sum(spent_nano)::text from budget_periods)
                  = (select sum(cost_nano)::text from ledger) as exact`,
      );
      expect(money).toEqual({ open: 0, holds: 0, held: '0', exact: true });
    } finally {
      await stage.close();
    }
  });
});
