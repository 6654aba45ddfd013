import type { PresentedAgent } from '../domain/presenters/agent';
import { StartupError } from '../lib/errors';
import { runMain, type ProcessContext } from '../lib/process';
import { Talk } from './chat/talk';
import { openTerminal, type Terminal } from './chat/terminal';
import { createApi, type Api } from './watch/api';
import { logIn } from './watch/log-in';
import { chatOptions } from './watch/options';

/** npm run chat: asks an agent from the terminal, once or until the person leaves. */
async function main({ logger, shutdown }: ProcessContext): Promise<void> {
  // The terminal is for what is said; only what ends us is logged.
  logger.level = 'fatal';
  const { agent, question, ...login } = chatOptions(process.argv.slice(2), process.env);
  const { stdin: input, stdout: output } = process;
  const api = createApi(login.url);
  const session = await logIn(api, login);
  shutdown.on('broker', 'session', () => session.close());
  const { id: agentId, name } = await findAgent(api, await session.accessToken(), agent);
  const colours = output.isTTY && !process.env.NO_COLOR;
  const terminal = openTerminal({ input, output, isTerminal: input.isTTY && output.isTTY, colours });
  const talk = new Talk({ url: login.url, api, session, terminal, agentId });
  // A signal stops what is being written, as Ctrl-C at a keyboard does.
  shutdown.on('intake', 'answer', async () => {
    await talk.stop();
    talk.leave();
    terminal.close();
  });
  try {
    if (question) process.exitCode = (await answered(talk, terminal, question)) ? 0 : 1;
    else
      await converse(
        talk,
        terminal,
        `${login.email} asks ${name} at ${login.url}. Ctrl-C stops an answer, or leaves.`,
      );
  } finally {
    terminal.close();
    session.close();
  }
}

async function converse(talk: Talk, terminal: Terminal, greeting: string): Promise<void> {
  terminal.note(greeting, 'cyan');
  for (;;) {
    const question = await terminal.ask('> ');
    if (question === undefined) return;
    if (question.trim() !== '') await answered(talk, terminal, question);
  }
}

/** @returns whether it was answered to the end */
async function answered(talk: Talk, terminal: Terminal, question: string): Promise<boolean> {
  try {
    return (await talk.ask(question))?.status === 'completed';
  } catch (error) {
    terminal.note((error as Error).message, 'red');
    return false;
  }
}

/** @throws StartupError that names those there are */
async function findAgent(api: Api, token: string, name: string): Promise<PresentedAgent> {
  const agents = (await api.all<PresentedAgent>('/agents', token)).filter(
    ({ status }) => status === 'active',
  );
  const found = agents.find((agent) => agent.name.toLowerCase() === name.toLowerCase());
  if (found) return found;
  const names = agents.map((agent) => agent.name).join(', ');
  throw new StartupError(`No active agent is called ${name}. There are: ${names || 'none'}.`);
}

export const run = () => runMain('chat', main);
if (require.main === module) run();
