import { parseArgs } from 'node:util';
import { dataDirOf } from '../../db/embedded/data-dir';
import { StartupError } from '../../lib/errors';
import { PROJECT_DIR } from '../../lib/process';
import { readDemoPassword } from '../password';
import { MANAGER } from '../people';

/** Where a terminal client connects to, and as whom. */
export interface WatchOptions {
  /** Of the server, without a path. */
  url: string;
  email: string;
  password: string;
}

const LOGIN_HELP = '[--url http://localhost:3000] [--email manager@demo.test] [--password …]';
const LOGIN_OPTIONS = {
  url: { type: 'string' },
  email: { type: 'string' },
  password: { type: 'string' },
} as const;

/**
 * @param args without Node and the script; the entry's own name, which scripts/run.mjs leaves there, is skipped
 * @throws StartupError for an unknown option, or where no password is known
 */
export function watchOptions(args: readonly string[], environment: NodeJS.ProcessEnv): WatchOptions {
  const help = `npm run watch -- ${LOGIN_HELP}`;
  const { values, words } = parse(args, 'demo/watch', LOGIN_OPTIONS, help);
  if (words[0] !== undefined) throw new StartupError(`"${words[0]}" is not an option. Usage: ${help}`);
  return loginOf(values, environment, help);
}

export interface ChatOptions extends WatchOptions {
  /** Name of the one to ask. */
  agent: string;
  /** Asked at once, and nothing more; undefined: the person is asked for questions. */
  question: string | undefined;
}

/** The same for `npm run chat`, whose words are a question. */
export function chatOptions(args: readonly string[], environment: NodeJS.ProcessEnv): ChatOptions {
  const help = `npm run chat -- ${LOGIN_HELP} [--agent Analyst] ["How are sales?"]`;
  const options = { ...LOGIN_OPTIONS, agent: { type: 'string' } } as const;
  const { values, words } = parse(args, 'demo/chat', options, help);
  return {
    ...loginOf(values, environment, help),
    agent: values.agent ?? 'Analyst',
    question: words.join(' ').trim() || undefined,
  };
}

interface Login {
  url?: string | undefined;
  email?: string | undefined;
  password?: string | undefined;
}

function loginOf(given: Login, environment: NodeJS.ProcessEnv, help: string): WatchOptions {
  const url = given.url ?? environment.PUBLIC_URL ?? `http://localhost:${environment.PORT ?? 3000}`;
  if (!URL.canParse(url)) throw new StartupError(`${url} is not a URL. Usage: ${help}`);
  const password = given.password ?? readDemoPassword(dataDirOf(PROJECT_DIR, environment.DATA_DIR));
  if (!password) {
    throw new StartupError(`No demo was started from here, so its password is not known. Usage: ${help}`);
  }
  return { url: new URL(url).origin, email: given.email ?? MANAGER.email, password };
}

function parse<Options extends Record<string, { type: 'string' }>>(
  args: readonly string[],
  entry: string,
  options: Options,
  help: string,
) {
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
    return { values, words: positionals.filter((word) => word !== entry) };
  } catch (error) {
    // The parser's second sentence explains how to write a word that looks like an option.
    const [problem] = (error as Error).message.split('. ');
    throw new StartupError(`${problem}. Usage: ${help}`);
  }
}
