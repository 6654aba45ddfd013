import { arch, cpus, platform, release } from 'node:os';
import { StartupError } from '../lib/errors';
import { CATALOG } from './catalog';
import { Closing } from './harness/closing';
import { renderSection } from './harness/print';
import { readOptions } from './parts/options';
import { startServers } from './parts/servers';

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** Runs the measurements that are named, or all of them, one after the other. */
async function main(closing: Closing, args: readonly string[]): Promise<void> {
  const { names, rounds } = readOptions(args);
  const unknown = names.filter((name) => !CATALOG[name]);
  if (unknown.length > 0) {
    throw new StartupError(
      `No measurement is called ${unknown.join(', ')}. There are: ${Object.keys(CATALOG).join(', ')}`,
    );
  }
  const [processor] = cpus();
  console.log(
    `${new Date().toISOString()}, Node ${process.version}, ${platform()} ${release()} ${arch()}, ` +
      `${cpus().length} x ${processor?.model ?? 'unknown processor'}, ${rounds} rounds in turns`,
  );
  const servers = await startServers(closing);
  for (const [name, measure] of Object.entries(CATALOG)) {
    if (names.length > 0 && !names.includes(name)) continue;
    await measure({ servers, rounds, show: (section) => console.log(renderSection(section)) });
  }
}

/** @param args what follows `npm run bench --` */
export function run(args: readonly string[] = process.argv.slice(2)): void {
  const closing = new Closing();
  let ending = false;
  const end = async (code: number) => {
    ending = true;
    await closing.close();
    process.exit(code);
  };
  for (const signal of SIGNALS) {
    process.once(signal, () => {
      console.error(`Ended by ${signal}.`);
      void end(1);
    });
  }
  main(closing, args).then(
    () => end(0),
    async (error: unknown) => {
      // Whatever was under way fails when its processes are ended.
      if (ending) return;
      console.error(error instanceof StartupError ? error.message : error);
      process.exitCode = 1;
      await end(1);
    },
  );
}

if (require.main === module) run();
