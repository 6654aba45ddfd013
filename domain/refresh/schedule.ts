import { Cron } from 'croner';
import { createHash } from 'node:crypto';
import { z } from 'zod';

/** Shortest and longest interval between refreshes, seconds. */
const MIN_INTERVAL_SECONDS = 1;
const MAX_INTERVAL_SECONDS = 31 * 24 * 3600;

/** Five fields only: croner also reads seconds and years, which nobody expects from cron. */
function cronProblem(pattern: string, timezone: string): string | undefined {
  if (pattern.trim().split(/\s+/).length !== 5) return 'must have five fields: minute hour day month weekday';
  try {
    const next = new Cron(pattern, { timezone, mode: '5-part', paused: true }).nextRun();
    return next ? undefined : 'never comes round';
  } catch (error) {
    return `is not a cron expression: ${(error as Error).message.replace(/^CronPattern: /, '')}`;
  }
}

const isTimezone = (name: string): boolean => {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return /^[A-Za-z]/.test(name);
  } catch {
    return false;
  }
};

export const timezoneSchema = z.string().max(64).refine(isTimezone, 'is not an IANA time zone');

/** product.md: `{cron, timezone} | {everySeconds} | null`. */
export const scheduleSchema = z
  .union([
    z.strictObject({ cron: z.string().max(200), timezone: timezoneSchema.default('UTC') }),
    z.strictObject({ everySeconds: z.number().int().min(MIN_INTERVAL_SECONDS).max(MAX_INTERVAL_SECONDS) }),
  ])
  .superRefine((schedule, context) => {
    if (!('cron' in schedule)) return;
    const problem = cronProblem(schedule.cron, schedule.timezone);
    if (problem) context.addIssue({ code: 'custom', path: ['cron'], message: problem });
  });

export type Schedule = z.infer<typeof scheduleSchema>;

/** The widget's place within a period, 0 to 1: always the same for a widget, evenly spread over many. */
export function phaseOf(widgetId: string): number {
  return createHash('sha256').update(widgetId).digest().readUInt32BE(0) / 2 ** 32;
}

/**
 * When a widget is due next, strictly after `after`; null where it has no schedule.
 *
 * Intervals stand on a grid that each widget has shifted by its own phase, and cron minutes are spread over
 * their minute's first 30 s by the same phase: widgets of one minute never all start at :00.
 */
export function nextDue(schedule: Schedule | null, widgetId: string, after: Date): Date | null {
  if (!schedule) return null;
  const phase = phaseOf(widgetId);
  if ('everySeconds' in schedule) {
    const period = schedule.everySeconds * 1000;
    const offset = Math.floor(phase * period);
    return new Date((Math.floor((after.getTime() - offset) / period) + 1) * period + offset);
  }
  const offset = Math.floor(phase * CRON_SPREAD_MS);
  const cron = new Cron(schedule.cron, { timezone: schedule.timezone, mode: '5-part', paused: true });
  const next = cron.nextRun(new Date(after.getTime() - offset));
  return next ? new Date(next.getTime() + offset) : null;
}

/** How far into its minute a cron widget may start, ms. */
const CRON_SPREAD_MS = 30_000;
