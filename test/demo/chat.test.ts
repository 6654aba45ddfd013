import { PassThrough } from 'node:stream';
import { Talk } from '../../demo/chat/talk';
import { openTerminal, type Terminal } from '../../demo/chat/terminal';
import { describeCalls, ending, summary } from '../../demo/chat/wording';
import { createApi } from '../../demo/watch/api';
import { watchLive } from '../../demo/watch/live';
import { chatOptions } from '../../demo/watch/options';
import { createPrinter } from '../../demo/watch/printer';
import { openSession } from '../../demo/watch/session';
import { seedPrices } from '../../domain/money/seed-prices';
import type { PresentedAgent } from '../../domain/presenters/agent';
import type { PresentedRun } from '../../domain/presenters/conversation';
import { StartupError } from '../../lib/errors';
import { eventually } from '../support/eventually';
import { scripted, startTestSandbox } from '../support/sandbox';
import { createPlatform, PASSWORD } from './platform';

const CTRL_C = '\x03';

/** A keyboard and what its screen shows. */
function screen(isTerminal = true) {
  const [input, output] = [new PassThrough(), new PassThrough()];
  const pieces: string[] = [];
  output.on('data', (piece: Buffer) => pieces.push(piece.toString('utf8')));
  const terminal = openTerminal({ input, output, isTerminal, colours: false });
  const shown = () => pieces.join('');
  return {
    terminal,
    pieces,
    shown,
    type: (keys: string) => void input.write(keys),
    shows: (pattern: RegExp) =>
      eventually(String(pattern), () => pattern.test(shown())).catch(() => {
        throw new Error(`Not shown: ${pattern}\n${shown()}`);
      }),
  };
}

/** The demo with workers and a sandbox, and its manager at a terminal. */
async function createChat() {
  const sandbox = await startTestSandbox();
  const platform = await createPlatform(sandbox.url);
  // The shop's database is not read here: its widgets need no data to be asked for.
  await platform.seed({
    sales: { host: '127.0.0.1', port: 1, database: 'none', user: 'nobody', password: 'none' },
  });
  await seedPrices(platform.db);
  await platform.listen();
  await platform.work();
  const api = createApi(platform.baseUrl);
  const session = await openSession(api, 'manager@demo.test', PASSWORD);
  const agents = await api.all<PresentedAgent>('/agents', await session.accessToken());
  const idOf = (name: string) => agents.find((agent) => agent.name === name)?.id ?? '';
  await platform.sql(`update agents set model = 'sandbox/sandbox-script' where name = 'Assistant'`);
  return {
    platform,
    sandbox,
    session,
    api,
    talkTo: (name: string, terminal: Terminal) =>
      new Talk({ url: platform.baseUrl, api, session, terminal, agentId: idOf(name) }),
    async close() {
      session.close();
      await platform.close();
      await sandbox.close();
    },
  };
}

describe('the chat in a terminal', () => {
  let chat: Awaited<ReturnType<typeof createChat>>;
  beforeAll(async () => {
    chat = await createChat();
  });
  afterAll(() => chat.close());

  it('shows the tools that are used, the answer as it is written, what it cost and what is left', async () => {
    const { terminal, shown, pieces } = screen();
    const run = await chat.talkTo('Analyst', terminal).ask('How are orders?');
    terminal.close();
    expect(run?.status).toBe('completed');
    expect(shown()).toMatch(/^· uses search\n· uses analysis, 3 times\nSandbox answer: /);
    expect(pieces.length).toBeGreaterThan(5);
    expect(shown()).toMatch(
      /\nsandbox\/sandbox-analyst \(no language model\) · [\d,]+ tokens in, \d+ out, \$0\.\d+ · messages left: \d this minute, \d+ this hour, \d+ this day\n/,
    );
    const [row] = await chat.platform.sql(`select content from messages where id = '${run?.replyId}'`);
    expect(shown()).toContain(row?.content);
  });

  it('stops an answer on Ctrl-C and says so; leaves on Ctrl-C at the prompt', async () => {
    const { terminal, shows, type, shown } = screen();
    const asked = chat
      .talkTo('Assistant', terminal)
      .ask(scripted({ outputTokens: 1_500, tokensPerSecond: 100 }));
    await shows(/sum and the row/);
    // Of no consequence, and not shown in the middle of an answer.
    type('hurry');
    type(CTRL_C);
    const run = await asked;
    expect(run).toMatchObject({ status: 'stopped', reason: { code: 'stopped' } });
    expect(shown()).toMatch(/stopping …[^]*stopped: You stopped this reply. What was written stays.\n/);
    expect(shown()).not.toContain('hurry');
    await eventually('the provider is left', async () =>
      (await chat.sandbox.requests()).some(({ outcome }) => outcome === 'client_closed'),
    );
    const next = terminal.ask('> ');
    type(CTRL_C);
    expect(await next).toBeUndefined();
  });

  it.each([
    ['y', 'done', /· allowed\n/],
    ['n', 'declined', /· declined\n/],
    ['', 'declined', /· declined\n/],
  ])('asks before anything is changed: %j', async (key, status, told) => {
    const { terminal, shows, type, shown } = screen();
    const asked = chat.talkTo('Analyst', terminal).ask('Refresh the revenue today widget');
    await shows(/Refresh the widget ".+" now\. Do it\? \(y\/n\)/);
    type(`${key}\r`);
    const run = await asked;
    terminal.close();
    expect(run?.status).toBe('completed');
    expect(run?.toolCalls.at(-1)).toMatchObject({ tool: 'automation', status });
    expect(shown()).toMatch(told);
  });

  it('shows a question that is refused, and goes on', async () => {
    const { terminal } = screen();
    const talk = chat.talkTo('Assistant', terminal);
    await expect(talk.ask('   ')).rejects.toThrow(/valid|blank/i);
    expect(await talk.ask('Say it again')).toMatchObject({ status: 'completed' });
    terminal.close();
  });

  it('takes questions and answers from a pipe', async () => {
    const { terminal, type, shown } = screen(false);
    type('How are orders?\nn\n');
    expect(await terminal.ask('> ')).toBe('How are orders?');
    expect(await terminal.ask('Do it? ')).toBe('n');
    const last = terminal.ask('> ');
    terminal.close();
    expect(await last).toBeUndefined();
    expect(shown()).toBe('> How are orders?\nDo it? n\n');
  });

  it('is seen by who watches: the run, its calls, its cost, the conversation', async () => {
    const lines: string[] = [];
    const { platform, api } = chat;
    const session = await openSession(api, 'manager@demo.test', PASSWORD);
    const printer = createPrinter((line) => lines.push(line), false);
    const live = watchLive({ url: platform.baseUrl, api, session, printer });
    const said = (pattern: RegExp) =>
      eventually(String(pattern), () => lines.some((line) => pattern.test(line))).catch(() => {
        throw new Error(`Not said: ${pattern}\n${lines.join('\n')}`);
      });
    const { terminal } = screen();
    try {
      await said(/loaded 2 dashboards/);
      await platform.sql(
        `insert into budgets (id, business_id, scope_kind, period, soft_limit_nano)
         select gen_random_uuid(), id, 'business', 'day', 1 from businesses`,
      );
      await chat.talkTo('Analyst', terminal).ask('How are orders?');
      for (const pattern of [
        /Analyst +is answering/,
        /Analyst +uses search/,
        /sandbox\/sandbox-analyst +call completed: [\d,]+ tokens in, \d+ out, \$0\.\d+/,
        /Budget of the business +100 % of the soft limit of \$0\.000000001 a day is used: \$0\.\d+/,
        /How are orders\? +says: Sandbox answer: /,
        /Analyst +has answered: [\d,]+ tokens in/,
        /How are orders\? +conversation, 2 messages, \$0\.\d+/,
      ]) {
        await said(pattern);
      }
      expect(lines.filter((line) => /undefined|NaN|null/.test(line))).toEqual([]);
    } finally {
      terminal.close();
      live.close();
    }
  });
});

describe('its options', () => {
  const login = ['--url', 'https://boards.example/', '--email', 'a@b.example', '--password', 'given'];

  it('are the watcher’s, an agent’s name, and words that are a question', () => {
    const options = { url: 'https://boards.example', email: 'a@b.example', password: 'given' };
    expect(chatOptions(['demo/chat', ...login], {})).toEqual({
      ...options,
      agent: 'Analyst',
      question: undefined,
    });
    expect(chatOptions(['demo/chat', 'How', 'are sales?', ...login, '--agent', 'Assistant'], {})).toEqual({
      ...options,
      agent: 'Assistant',
      question: 'How are sales?',
    });
  });

  it('refuse what they do not know', () => {
    expect(() => chatOptions(['--colour'], {})).toThrow(StartupError);
    expect(() => chatOptions(['--colour'], {})).toThrow(/--colour.*npm run chat/);
  });
});

describe('its words', () => {
  const run = {
    status: 'completed',
    reason: null,
    model: 'openai/gpt-5-mini',
    sandbox: false,
    tokens: { input: 1_000, cachedInput: 200, cacheWrite: 34, output: 50, reasoning: 6 },
    cost: '0.0123',
    estimated: true,
  } as PresentedRun;

  it('add up what was read and written, and say where part of it is an estimate', () => {
    const left = { name: 'chat', window: 'minute', limit: 10, remaining: 9 } as const;
    expect(summary(run, [{ ...left, name: 'user', remaining: 299 }, left])).toBe(
      'openai/gpt-5-mini · 1,234 tokens in, 56 out, $0.0123 (estimated) · messages left: 9 this minute',
    );
  });

  it('count calls that are alike', () => {
    const call = (tool: string, status: 'done' | 'declined') => ({ tool, status });
    const calls = [call('search', 'done'), call('analysis', 'done'), call('analysis', 'done')];
    expect(describeCalls([...calls, call('automation', 'declined')])).toEqual([
      'uses search',
      'uses analysis, 2 times',
      'uses automation (declined, not done)',
    ]);
  });

  it.each([
    ['completed', null, undefined],
    ['completed', 'It ends early.', 'It ends early.'],
    ['stopped', 'You stopped this reply.', 'stopped: You stopped this reply. What was written stays.'],
    ['failed', 'The provider is down.', 'failed: The provider is down.'],
  ] as const)('tell how it ended: %s, %j', (status, message, words) => {
    expect(ending({ ...run, status, reason: message && { code: 'x', message } })).toBe(words);
  });
});
