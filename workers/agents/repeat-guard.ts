import { sha256 } from '../../lib/ids';

/** The same call this often is a loop that leads nowhere: the third time it is not done any more. */
export const MAX_SAME_CALLS = 3;

/** Counts a run's calls of the same tool with the same arguments, in whatever order their fields stand. */
export class RepeatGuard {
  private readonly seen = new Map<string, number>();
  /** Some call was one too many. */
  isTripped = false;

  /** @returns whether this call is one too many */
  isTooMany(call: { name: string; arguments: string }): boolean {
    const key = `${call.name} ${sha256(canonical(call.arguments))}`;
    const times = (this.seen.get(key) ?? 0) + 1;
    this.seen.set(key, times);
    if (times < MAX_SAME_CALLS) return false;
    this.isTripped = true;
    return true;
  }
}

/** Nesting past this is compared as it is written: no arguments of ours are nearly as deep. */
const MAX_DEPTH = 50;

function canonical(json: string): string {
  try {
    return JSON.stringify(sorted(JSON.parse(json), 0));
  } catch {
    return json.trim();
  }
}

function sorted(value: unknown, depth: number): unknown {
  if (depth > MAX_DEPTH) throw new Error('nested too deeply');
  if (Array.isArray(value)) return value.map((item) => sorted(item, depth + 1));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.map(([key, item]) => [key, sorted(item, depth + 1)]);
}
