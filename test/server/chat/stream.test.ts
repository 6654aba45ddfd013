import { Server } from 'socket.io';
import { claimRun } from '../../../domain/runs/claim';
import { endRun } from '../../../domain/runs/end';
import { createSaveReply } from '../../../domain/runs/reply';
import { runEventsChannel, type RunSignal } from '../../../domain/runs/signals';
import type { ClaimedRun } from '../../../domain/runs/types';
import { conversationRoom } from '../../../realtime/rooms';
import { createChat } from '../../factories/chat';
import { createPerson, createTenant, type Person, type Tenant } from '../../factories/tenant';
import { startRedis, type TestRedis } from '../../support/redis';
import { JWT_SECRET, serve, type Served } from '../serve';

interface StreamEvent {
  name: string;
  id: string;
  data: { text?: string; position?: number; content?: string; status?: string };
}

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

/** Reads a stream's events one by one. */
async function* read(served: Served, person: Person, path: string, lastEventId?: string) {
  const response = await fetch(`${served.url}/api/v1${path}`, {
    headers: {
      Authorization: `Bearer ${person.token}`,
      ...(lastEventId !== undefined && { 'Last-Event-ID': lastEventId }),
    },
  });
  expect([response.status, response.headers.get('content-type')]).toEqual([
    200,
    'text/event-stream; charset=utf-8',
  ]);
  let text = '';
  for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
    text += Buffer.from(chunk).toString('utf8');
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const fields = Object.fromEntries(
        text
          .slice(0, end)
          .split('\n')
          .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
      );
      text = text.slice(end + 2);
      if (fields.event) {
        yield { name: fields.event, id: fields.id, data: JSON.parse(fields.data ?? 'null') } as StreamEvent;
      }
    }
  }
}

describe.each(['postgres', 'redis'])('a run’s stream on %s', (broker) => {
  let served: Served;
  let tenant: Tenant;
  beforeAll(async () => {
    served = await serve(broker === 'redis' ? { REDIS_URL: redis.url } : {});
    // Readers hear what sockets hear.
    served.context.broker.attach(new Server());
    tenant = await createTenant({ db: served.db, secrets: [JWT_SECRET] });
  });
  afterAll(() => served.close());

  const someone = () => createPerson({ db: served.db, secrets: [JWT_SECRET] }, tenant.businessId, 'member');
  async function begin(person: Person): Promise<ClaimedRun> {
    const { run } = await createChat(served.db, person);
    const claimed = await claimRun(served.db, person.businessId, run.id);
    if (!claimed) throw new Error('The run could not be claimed.');
    return claimed;
  }
  const say = (run: ClaimedRun, position: number, text: string, epoch = run.epoch) => {
    const delta = { messageId: run.replyId, runId: run.id, epoch, position, text };
    served.context.publish([conversationRoom(run.conversationId)], 'message.delta', delta);
  };
  const end = async (run: ClaimedRun, content: string) => {
    const ended = await endRun(served.db, run, { status: 'completed', content });
    const { status, epoch, version } = ended?.run ?? { status: 'failed' as const, epoch: 0, version: 0 };
    const signal: RunSignal = { status, epoch, version };
    served.context.broker.signals.publish(runEventsChannel(run.id), signal);
  };

  it('joins what was written before with what comes, each piece once and in its place', async () => {
    const person = await someone();
    const run = await begin(person);
    await createSaveReply(served.db)(run, 'Once upon');
    let text = '';
    const names: string[] = [];
    let saying: NodeJS.Timeout | undefined;
    for await (const { name, id, data } of read(served, person, `/runs/${run.id}/stream`)) {
      names.push(name);
      if (name !== 'message.delta') continue;
      expect(data.position).toBe(text.length);
      text += data.text ?? '';
      expect(id).toBe(`${run.epoch}.${text.length}`);
      if (text === 'Once upon') {
        // Overlaps, belongs to another epoch, lacks what stands before it; and again, since a signal may be lost
        // before the reader's subscription is made.
        saying ??= setInterval(() => {
          say(run, 4, ' upon a 😀');
          say(run, 0, 'Void', run.epoch - 1);
          say(run, 400, 'too far');
        }, 20);
      }
      if (text === 'Once upon a 😀') await end(run, 'Once upon a 😀 time.');
    }
    clearInterval(saying);
    expect(text).toBe('Once upon a 😀 time.');
    expect(names.slice(-2)).toEqual(['message.completed', 'run.changed']);
  });

  it('goes on where a reader left it', async () => {
    const person = await someone();
    const run = await begin(person);
    await end(run, 'Zero to nine');
    const events = [];
    for await (const event of read(served, person, `/runs/${run.id}/stream`, `${run.epoch}.5`))
      events.push(event);
    expect(events.map(({ name, data }) => [name, data.text ?? data.content ?? data.status])).toEqual([
      ['message.delta', 'to nine'],
      ['message.completed', 'Zero to nine'],
      ['run.changed', 'completed'],
    ]);
  });

  it('begins anew where another worker took over', async () => {
    const person = await someone();
    const run = await begin(person);
    await end(run, 'Another text');
    const texts = [];
    for await (const { name, data } of read(served, person, `/runs/${run.id}/stream`, `${run.epoch - 1}.5`)) {
      if (name === 'message.delta') texts.push([data.position, data.text]);
    }
    expect(texts).toEqual([[0, 'Another text']]);
  });
});
