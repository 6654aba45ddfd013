import { readFileSync } from 'node:fs';
import { StartupError } from './errors';

const ASSIGNMENT = /^(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)$/;
/** Between double quotes a backslash escapes, as in a shell. */
const DOUBLE_QUOTED = /^"((?:[^"\\]|\\.)*)"\s*(?:#.*)?$/;
const SINGLE_QUOTED = /^'([^']*)'\s*(?:#.*)?$/;
const ESCAPES: Record<string, string> = { n: '\n', r: '\r', t: '\t' };

/**
 * Sets what the file says and the environment doesn't: `KEY=value`, `export KEY=value`, single or double quotes
 * on one line, `#` comments. A missing file is fine.
 * @throws StartupError naming the line, and never its content, where a line is none of these
 */
export function loadDotenv(path: string, target: NodeJS.ProcessEnv = process.env): void {
  for (const [name, value] of Object.entries(parseDotenv(read(path), path))) target[name] ??= value;
}

/** @throws StartupError see {@link loadDotenv} */
export function parseDotenv(text: string, path: string): Record<string, string> {
  const values: Record<string, string> = {};
  text.split(/\r?\n/).forEach((raw, index) => {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) return;
    const [, name, written] = ASSIGNMENT.exec(line) ?? [];
    const value = written === undefined ? undefined : unquote(written);
    if (name === undefined || value === undefined) {
      throw new StartupError(
        `${path}, line ${index + 1}, is not KEY=value with quotes that end on the same line.`,
      );
    }
    values[name] = value;
  });
  return values;
}

/** Undefined where a quote is opened and not closed, or something follows the closing one. */
function unquote(written: string): string | undefined {
  if (written.startsWith('"')) {
    return DOUBLE_QUOTED.exec(written)?.[1]?.replace(/\\(.)/g, (_, char: string) => ESCAPES[char] ?? char);
  }
  if (written.startsWith("'")) return SINGLE_QUOTED.exec(written)?.[1];
  return written.replace(/(^|\s)#.*$/, '').trim();
}

function read(path: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return '';
    throw new StartupError(`${path} can't be read (${code}).`, { cause: error });
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new StartupError(`${path} is not text in UTF-8.`);
  }
}
