import type { Socket } from 'socket.io-client';
import { isFinal, replyEvents, type ReplySource } from '../../demo/chat/reply-events';
import { serverSent } from '../../demo/chat/server-sent';
import type { PresentedMessage, PresentedRun } from '../../domain/presenters/conversation';
import type { MessageDelta } from '../../realtime/events';
import { ReplyText, type TextPiece } from '../../realtime/reply-text';
import { ask, connected, open } from '../server/sockets/node';
import { eventually } from '../support/eventually';
import { scripted } from '../support/sandbox';
import { openChatStage, type Asked, type ChatStage } from './chat-stage';
import type { Broker, ServerProcess } from './stage';

jest.setTimeout(150_000);

/** Characters of two code units and of several characters, marks that combine, and three bytes each: 2 to 3 s of text. */
const TEXT = '売上は上昇 😀👩‍👩‍👧 e\u0301a\u0308 🇯🇵 Größe 𝒳 «ça» 한국어. '.repeat(12);
const ANSWER = scripted({ text: TEXT, tokensPerSecond: 120 });

/** What a client holds of a reply when it is told of the end, from pieces and reads alone. */
interface Held {
  text: string;
  epoch: number;
}

interface Scene {
  stage: ChatStage;
  server: ServerProcess;
  asked: Asked;
}

async function connect({ stage, server, asked }: Scene): Promise<Socket> {
  const socket = open(server.port, { auth: { token: stage.ann.token } });
  await connected(socket);
  const { id: conversationId } = asked.conversation;
  expect(await ask(socket, 'conversation.open', { conversationId })).toEqual({ ok: true });
  return socket;
}

/**
 * A client on a socket that opens the conversation now: it keeps the pieces, reads the run and the message, and joins
 * them by position; it reads again where something is missing.
 * @param heard told of the text after each piece
 */
async function onSocket(scene: Scene, heard: (reply: ReplyText) => void = () => undefined): Promise<Held> {
  const { stage, server, asked } = scene;
  const reply = new ReplyText();
  let reading: Promise<void> | undefined;
  const read = async () => {
    const { data: run } = await stage.call<PresentedRun>(server, stage.ann, `/runs/${asked.run.id}`);
    const path = `/conversations/${asked.conversation.id}/messages`;
    const { data: messages } = await stage.call<PresentedMessage[]>(server, stage.ann, path);
    const message = messages.find(({ id }) => id === asked.reply.id);
    // What was final is not to be joined: the pieces have to say it all.
    if (message && !isFinal(run)) reply.take(message.content, run.epoch);
  };
  const readSoon = () =>
    (reading ??= read().finally(() => {
      reading = undefined;
    }));
  const socket = await connect(scene);
  const ended = new Promise<void>((resolve) => {
    socket.on('message.completed', ({ id }: PresentedMessage) => id === asked.reply.id && resolve());
  });
  socket.on('message.delta', (piece: MessageDelta) => {
    if (piece.messageId !== asked.reply.id) return;
    reply.add(piece);
    heard(reply);
    if (reply.isMissing) void readSoon();
  });
  socket.on('run.changed', ({ id, epoch }: PresentedRun) => {
    if (id === asked.run.id) reply.begin(epoch);
  });
  await readSoon();
  await ended;
  await reading;
  socket.disconnect();
  return { text: reply.text, epoch: reply.epoch };
}

/** A client on server-sent events, which reads on by itself wherever its connection breaks. */
async function onEvents({ stage, server, asked }: Scene): Promise<Held> {
  const source: ReplySource = {
    url: server.url.replace('/api/v1', ''),
    accessToken: async () => stage.ann.token,
    onBroken: () => undefined,
    signal: new AbortController().signal,
  };
  const reply = new ReplyText();
  for await (const { name, data } of replyEvents(source, asked.run.id)) {
    if (name === 'message.delta') reply.add(data);
    if (name === 'run.changed') reply.begin(data.epoch);
  }
  return { text: reply.text, epoch: reply.epoch };
}

/** A client on server-sent events that hangs up after every few pieces, and goes on with Last-Event-ID. */
async function hangingUp(
  { stage, server, asked }: Scene,
  piecesEach: number,
): Promise<Held & { times: number }> {
  const reply = new ReplyText();
  let lastEventId = '';
  for (let times = 1; ; times += 1) {
    const response = await fetch(`${server.url}/runs/${asked.run.id}/stream`, {
      headers: {
        Authorization: `Bearer ${stage.ann.token}`,
        ...(lastEventId && { 'Last-Event-ID': lastEventId }),
      },
    });
    let pieces = 0;
    for await (const { name, id, data } of serverSent(response.body as AsyncIterable<Uint8Array>)) {
      lastEventId = id;
      if (name === 'run.changed') reply.begin((data as PresentedRun).epoch);
      if (name === 'message.delta') {
        // Behind what it has, never again and never with a gap.
        const piece = data as TextPiece;
        expect([piece.epoch, piece.position]).toEqual([reply.epoch, reply.text.length]);
        reply.add(piece);
        pieces += 1;
      }
      if (name === 'message.completed') return { text: reply.text, epoch: reply.epoch, times };
      if (pieces === piecesEach) break;
    }
  }
}

async function begin(
  broker: Broker,
): Promise<{ stage: ChatStage; server: ServerProcess; kill(): Promise<void> }> {
  const stage = await openChatStage(broker);
  const server = await stage.startServer();
  if (broker === 'postgres') {
    return { stage, server, kill: async () => void (await server.app.kill('SIGKILL')) };
  }
  const worker = await stage.startWorker();
  return { stage, server, kill: async () => void (await worker.kill('SIGKILL')) };
}

const finalText = async ({ stage, asked }: Scene): Promise<unknown> => {
  const [row] = await stage.sql('select content from messages where id = $1', [asked.reply.id]);
  return row?.content;
};

/** Someone is there from the beginning, others come late, one hangs up again and again. */
async function together(scene: Scene): Promise<void> {
  let late: Promise<Held[]> | undefined;
  const joinLate = (reply: ReplyText) => {
    if (reply.text.length > TEXT.length / 3) late ??= Promise.all([onSocket(scene), onEvents(scene)]);
  };
  const [first, events, hung] = await Promise.all([
    onSocket(scene, joinLate),
    onEvents(scene),
    hangingUp(scene, 3),
  ]);
  const [lateOnSocket, lateOnEvents] = (await late) ?? [];
  expect(await finalText(scene)).toBe(TEXT);
  expect([first, events, hung, lateOnSocket, lateOnEvents].map((held) => held?.text)).toEqual(
    Array.from({ length: 5 }, () => TEXT),
  );
  expect(hung.times).toBeGreaterThan(1);
}

/** The worker is killed in the middle; on the Postgres broker the server with it, whose clients come back. */
async function takenOver(scene: Scene, broker: Broker, kill: () => Promise<void>): Promise<void> {
  const { stage, asked } = scene;
  const read = () => Promise.all([onSocket(scene), onEvents(scene), hangingUp(scene, 5)]);
  const reading = broker === 'redis' ? read() : undefined;
  await eventually('a third is written down', async () => {
    const [row] = await stage.sql('select length(content) from messages where id = $1', [asked.reply.id]);
    return Number(row?.length) > TEXT.length / 3;
  });
  await kill();
  if (broker === 'redis') await stage.startWorker();
  else scene.server = await stage.startServer();
  const held = await (reading ?? read());
  const [row] = await stage.sql('select status, epoch from runs where id = $1', [asked.run.id]);
  expect(row).toEqual({ status: 'completed', epoch: 2 });
  expect(await finalText(scene)).toBe(TEXT);
  expect(held.map(({ text, epoch }) => [text, epoch])).toEqual(held.map(() => [TEXT, 2]));
}

async function play(broker: Broker): Promise<void> {
  const { stage, server, kill } = await begin(broker);
  try {
    const begun = async (): Promise<Scene> => ({
      stage,
      server,
      asked: await stage.chat(server, stage.ann, ANSWER),
    });
    await together(await begun());
    await takenOver(await begun(), broker, kill);
  } finally {
    await stage.close();
  }
}

const BROKERS: Broker[] = ['redis', 'postgres'];
/** They mostly wait, so both play at once; each test waits for its own. */
const playing = new Map<Broker, Promise<void>>();
beforeAll(() => {
  for (const broker of BROKERS) {
    const played = play(broker);
    // Its own test hears of it.
    played.catch(() => undefined);
    playing.set(broker, played);
  }
});

it.each(BROKERS)(
  'a reply on %s is the same to the byte for who is there, comes late, comes back, or sees its worker killed',
  async (broker) => {
    await expect(playing.get(broker)).resolves.toBeUndefined();
  },
);
