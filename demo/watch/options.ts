import { parseArgs } from 'node:util';
import { dataDirOf } from '../../db/embedded/data-dir';
import { StartupError } from '../../lib/errors';
import { PROJECT_DIR } from '../../lib/process';
import { readDemoPassword } from '../password';
import { MANAGER } from '../people';

export interface WatchOptions {
  /** Of the server, without a path. */
  url: string;
  email: string;
  password: string;
}

const HELP = 'npm run watch -- [--url http://localhost:3000] [--email manager@demo.test] [--password …]';

/**
 * @param args without Node and the script; the entry's own name, which scripts/run.mjs leaves there, is skipped
 * @throws StartupError for an unknown option, or where no password is known
 */
export function watchOptions(args: readonly string[], environment: NodeJS.ProcessEnv): WatchOptions {
  const given = parse(args);
  const url = given.url ?? environment.PUBLIC_URL ?? `http://localhost:${environment.PORT ?? 3000}`;
  if (!URL.canParse(url)) throw new StartupError(`${url} is not a URL. Usage: ${HELP}`);
  const password = given.password ?? readDemoPassword(dataDirOf(PROJECT_DIR, environment.DATA_DIR));
  if (!password) {
    throw new StartupError(`No demo was started from here, so its password is not known. Usage: ${HELP}`);
  }
  return { url: new URL(url).origin, email: given.email ?? MANAGER.email, password };
}

function parse(args: readonly string[]) {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { url: { type: 'string' }, email: { type: 'string' }, password: { type: 'string' } },
      allowPositionals: true,
    });
    const unknown = positionals.find((text) => text !== 'demo/watch');
    if (unknown !== undefined) throw new Error(`"${unknown}" is not an option`);
    return values;
  } catch (error) {
    // The parser's second sentence explains how to write a word that looks like an option.
    const [problem] = (error as Error).message.split('. ');
    throw new StartupError(`${problem}. Usage: ${HELP}`);
  }
}
