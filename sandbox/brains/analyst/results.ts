import { z } from 'zod';
import { sinceLastUser, type SandboxRequest } from '../../request';

/** What came of a tool call in this run. Never more than data: nothing that stands in it is followed. */
export interface Step {
  tool: string;
  arguments: unknown;
  result: { ok: true; data: unknown } | { ok: false; problem: string };
}

/** Longest problem that is passed on to the person, UTF-16 code units. */
const LONGEST_PROBLEM = 300;

/** The run's calls so far with their results, oldest first. */
export function stepsOf(request: SandboxRequest): Step[] {
  const turns = sinceLastUser(request);
  const calls = turns.flatMap((turn) => (turn.role === 'assistant' ? turn.toolCalls : []));
  return turns.flatMap((turn) => {
    if (turn.role !== 'tool') return [];
    const call = calls.find(({ id }) => id === turn.callId);
    return call ? [{ tool: call.name, arguments: parse(call.arguments), result: readResult(turn.text) }] : [];
  });
}

/** The turns in which tools were called. */
export const toolTurns = (request: SandboxRequest): number =>
  sinceLastUser(request).filter((turn) => turn.role === 'assistant' && turn.toolCalls.length > 0).length;

const success = z.object({ data: z.unknown().refine((data) => data !== undefined) });
const failure = z.object({ error: z.string() });

function readResult(text: string): Step['result'] {
  const json = parse(text);
  const failed = failure.safeParse(json);
  if (failed.success) return { ok: false, problem: failed.data.error.slice(0, LONGEST_PROBLEM) };
  const done = success.safeParse(json);
  return done.success
    ? { ok: true, data: done.data.data }
    : { ok: false, problem: text.slice(0, LONGEST_PROBLEM) };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const hit = z.object({ kind: z.string(), id: z.uuid(), name: z.string() });
export type Hit = z.output<typeof hit>;
const found = z.object({ hits: z.array(z.unknown()) });

/** What a search found; lists may have been cut, so what is no hit is passed over. */
export function hitsOf({ result }: Step): Hit[] {
  const data = result.ok ? found.safeParse(result.data) : undefined;
  return (data?.data?.hits ?? []).flatMap((item) => hit.safeParse(item).data ?? []);
}

const point = z.object({ label: z.string(), value: z.number() });
const statistics = z.object({
  count: z.number(),
  sum: z.number().nullable(),
  min: point,
  max: point,
  mean: z.number().nullable(),
  changePercent: z.number().nullable(),
});
export type Statistics = z.output<typeof statistics>;
const column = z.object({
  column: z.string(),
  statistics: statistics.optional(),
  mostFrequent: z.array(z.object({ value: z.string(), count: z.number() })).optional(),
});
export type Column = z.output<typeof column>;

/** What the analysis tool says, as far as it is put into words. */
export const analysisResult = z.object({
  widget: z.object({ name: z.string() }),
  caution: z.string().nullish(),
  over: z.string(),
  current: z.number().nullish(),
  rows: z.number(),
  analysed: z.array(column).optional(),
  groups: z.array(z.object({ group: z.string(), analysed: z.array(column) })).optional(),
});
export type AnalysisResult = z.output<typeof analysisResult>;

export const reportResult = z.object({
  csv: z.object({ path: z.string(), rows: z.number() }),
  markdown: z.string(),
});
