/**
 * The whole environment of PostgreSQL's processes: messages in English, since we read some of them, and none
 * of our own variables, which hold secrets.
 */
export const CHILD_ENV: NodeJS.ProcessEnv = { PATH: process.env.PATH, LANG: 'C', LC_ALL: 'C', TZ: 'UTC' };

/** The telling line of a program's output: the first that reports an error, else the last. */
export function brief(output: string): string {
  const lines = output
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
  return lines.find((line) => /\b(FATAL|PANIC|error):/.test(line)) ?? lines.at(-1) ?? 'it said nothing';
}
