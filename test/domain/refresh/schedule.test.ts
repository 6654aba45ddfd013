import { randomUUID } from 'node:crypto';
import { nextDue, phaseOf, scheduleSchema, type Schedule } from '../../../domain/refresh/schedule';

const WIDGET = '0191d6a0-0000-7000-8000-000000000001';
const MINUTE_MS = 60_000;
/** What a widget's phase adds to its cron minute. */
const SPREAD_MS = 30_000;

/** The minutes at which a cron schedule comes round between two moments, without the widget's own phase. */
function minutesOf(cron: string, timezone: string, from: string, to: string): string[] {
  const schedule: Schedule = { cron, timezone };
  const offset = Math.floor(phaseOf(WIDGET) * SPREAD_MS);
  const minutes: string[] = [];
  for (let at = new Date(from); ;) {
    const next = nextDue(schedule, WIDGET, at);
    if (!next || next >= new Date(to)) return minutes;
    minutes.push(new Date(next.getTime() - offset).toISOString().slice(0, 16));
    at = next;
  }
}

describe('cron schedules', () => {
  it('keep to the wall clock where summer time begins', () => {
    // Berlin goes from 02:00 to 03:00 on 29 March 2026.
    expect(minutesOf('0 9 * * *', 'Europe/Berlin', '2026-03-27T12:00Z', '2026-03-31T12:00Z')).toEqual([
      '2026-03-28T08:00',
      '2026-03-29T07:00',
      '2026-03-30T07:00',
      '2026-03-31T07:00',
    ]);
  });

  it('run once on the day whose hour is skipped, and once on the day whose hour comes twice', () => {
    const skipped = minutesOf('30 2 * * *', 'Europe/Berlin', '2026-03-28T12:00Z', '2026-03-30T12:00Z');
    expect(skipped.map((minute) => minute.slice(0, 10))).toEqual(['2026-03-29', '2026-03-30']);
    const doubled = minutesOf('30 2 * * *', 'Europe/Berlin', '2026-10-24T12:00Z', '2026-10-26T12:00Z');
    expect(doubled.map((minute) => minute.slice(0, 10))).toEqual(['2026-10-25', '2026-10-26']);
  });

  it('every quarter of an hour go on evenly through both changes', () => {
    for (const day of ['2026-03-29', '2026-10-25']) {
      const minutes = minutesOf('*/15 * * * *', 'Europe/Berlin', `${day}T00:00Z`, `${day}T04:00Z`);
      const gaps = minutes
        .slice(1)
        .map((minute, index) => Date.parse(`${minute}Z`) - Date.parse(`${minutes[index]}Z`));
      expect(new Set(gaps)).toEqual(new Set([15 * MINUTE_MS]));
    }
  });

  it('spread the widgets of one minute over half of it, each always at its own place', () => {
    const schedule: Schedule = { cron: '0 * * * *', timezone: 'UTC' };
    const after = new Date('2026-05-05T10:30:00Z');
    const full = Date.parse('2026-05-05T11:00:00Z');
    const offsets = Array.from({ length: 3_000 }, () => {
      const id = randomUUID();
      const due = nextDue(schedule, id, after)?.getTime() ?? 0;
      expect(nextDue(schedule, id, new Date(due))?.getTime()).toBe(due + 60 * MINUTE_MS);
      return due - full;
    });
    expect(Math.min(...offsets)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...offsets)).toBeLessThan(SPREAD_MS);
    for (let third = 0; third < 3; third += 1) {
      const share = offsets.filter((offset) => Math.floor(offset / 10_000) === third).length / offsets.length;
      expect(Math.abs(share - 1 / 3)).toBeLessThan(0.05);
    }
  });

  it('miss no minute and repeat none, from wherever one looks', () => {
    const schedule: Schedule = { cron: '* * * * *', timezone: 'Europe/Berlin' };
    for (let second = 0; second < 120; second += 1) {
      const after = new Date(Date.parse('2026-05-05T10:00:00Z') + second * 1_000);
      const wait = (nextDue(schedule, WIDGET, after)?.getTime() ?? 0) - after.getTime();
      expect(wait).toBeGreaterThan(0);
      expect(wait).toBeLessThanOrEqual(MINUTE_MS);
    }
  });

  it.each([
    ['* * * * * *', 'five fields'],
    ['* * * *', 'five fields'],
    ['@hourly', 'five fields'],
    ['61 * * * *', 'not a cron expression'],
    ['0 0 31 2 *', 'never comes round'],
    ['nonsense in all five fields', 'not a cron expression'],
  ])('refuse %s', (cron, reason) => {
    const { error } = scheduleSchema.safeParse({ cron, timezone: 'UTC' });
    expect(error?.issues).toEqual([
      expect.objectContaining({ path: ['cron'], message: expect.stringContaining(reason) }),
    ]);
  });

  it.each(['Europe/Nowhere', '+02:00', ''])('refuse the time zone %p', (timezone) => {
    expect(scheduleSchema.safeParse({ cron: '* * * * *', timezone }).success).toBe(false);
  });
});

describe('intervals', () => {
  it('stand on one grid, whenever the last refresh ended', () => {
    const schedule: Schedule = { everySeconds: 10 };
    const base = Date.parse('2026-05-05T10:00:00Z');
    const first = nextDue(schedule, WIDGET, new Date(base))?.getTime() ?? 0;
    for (let late = 0; late < 60_000; late += 137) {
      const due = nextDue(schedule, WIDGET, new Date(base + late))?.getTime() ?? 0;
      expect((due - first) % 10_000).toBe(0);
      expect(due - (base + late)).toBeGreaterThan(0);
      expect(due - (base + late)).toBeLessThanOrEqual(10_000);
    }
  });

  it('put many widgets evenly into the period', () => {
    const after = new Date('2026-05-05T10:00:00Z');
    const waits = Array.from(
      { length: 3_000 },
      () => (nextDue({ everySeconds: 60 }, randomUUID(), after)?.getTime() ?? 0) - after.getTime(),
    );
    for (let quarter = 0; quarter < 4; quarter += 1) {
      const share = waits.filter((wait) => Math.ceil(wait / 15_000) === quarter + 1).length / waits.length;
      expect(Math.abs(share - 1 / 4)).toBeLessThan(0.05);
    }
  });

  it.each([0, -1, 1.5, 31 * 24 * 3600 + 1])('refuse %d seconds', (everySeconds) => {
    expect(scheduleSchema.safeParse({ everySeconds }).success).toBe(false);
  });
});

it('nothing is due without a schedule', () => {
  expect(nextDue(null, WIDGET, new Date())).toBeNull();
});
