import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { runChild } from './child.mjs';
import { fail, PROJECT } from './project.mjs';

const DIST = join(PROJECT, 'dist');
/** Says which sources dist was made from; written last. */
const STAMP = join(DIST, '.built-from');
/** There while the compiler runs: what it leaves behind when killed can't be trusted. */
const UNFINISHED = join(DIST, '.unfinished');
const NOT_SOURCES = new Set(['node_modules', 'dist', 'coverage']);
const ERROR_LINES = 20;

export function isBuilt() {
  if (existsSync(UNFINISHED) || !existsSync(STAMP)) return false;
  const sources = listFiles(PROJECT, '.ts');
  return (
    readFileSync(STAMP, 'utf8') === fingerprint(sources) &&
    sources.every((path) => existsSync(outputOf(path)))
  );
}

/** Compiles what changed, and takes away the output of sources that are gone. */
export async function build() {
  const sources = listFiles(PROJECT, '.ts');
  const from = fingerprint(sources);
  if (existsSync(UNFINISHED)) forgetWhatIsUpToDate();
  mkdirSync(DIST, { recursive: true });
  writeFileSync(UNFINISHED, '');
  await compile();
  if (!sources.every((path) => existsSync(outputOf(path)))) {
    // Somebody deleted output that the compiler's record takes for there.
    forgetWhatIsUpToDate();
    await compile();
  }
  const wanted = new Set(sources.map(outputOf));
  for (const path of listFiles(DIST, '.js')) {
    if (wanted.has(path)) continue;
    rmSync(path);
    rmSync(`${path}.map`, { force: true });
  }
  writeFileSync(STAMP, from);
  rmSync(UNFINISHED, { force: true });
}

async function compile() {
  const compiler = join(PROJECT, 'node_modules', 'typescript', 'bin', 'tsc');
  const { code, output } = await runChild(process.execPath, [compiler, '-p', PROJECT], { cwd: PROJECT });
  if (code === 0) return;
  fail(`The code does not compile.\n${output.trim().split('\n').slice(0, ERROR_LINES).join('\n')}`);
}

/** Makes the compiler write every file again. */
const forgetWhatIsUpToDate = () => rmSync(join(DIST, '.tsbuildinfo'), { force: true });

const outputOf = (source) => join(DIST, relative(PROJECT, source).replace(/\.ts$/, '.js'));

/** Names, sizes and times; reading every file would cost more than it tells. */
function fingerprint(sources) {
  const hash = createHash('sha256');
  for (const path of [...sources, join(PROJECT, 'tsconfig.json'), join(PROJECT, 'package-lock.json')]) {
    const { size, mtimeMs } = statSync(path);
    hash.update(`${relative(PROJECT, path)} ${size} ${mtimeMs}\n`);
  }
  return hash.digest('hex');
}

function listFiles(folder, extension) {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => !entry.name.startsWith('.') && !(folder === PROJECT && NOT_SOURCES.has(entry.name)))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return listFiles(path, extension);
      return path.endsWith(extension) && !path.endsWith('.d.ts') ? [path] : [];
    })
    .sort();
}
