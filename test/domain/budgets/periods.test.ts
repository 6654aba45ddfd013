import { createWorld, type World } from '../../realtime/fixture';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.drop());

async function periodOf(period: 'day' | 'month', zone: string, at: string): Promise<string[]> {
  const [row] = await world.sql('select period_start($1, $2, $3) as start, period_end($1, $2, $3) as "end"', [
    period,
    zone,
    at,
  ]);
  return [row?.start, row?.end].map((instant) => (instant as Date).toISOString());
}

/** Computed from the tz database by hand. */
it.each([
  ['day', 'UTC', '2026-11-21T00:00:00Z', '2026-11-21T00:00:00.000Z', '2026-11-22T00:00:00.000Z'],
  ['day', 'UTC', '2026-11-20T23:59:59.999Z', '2026-11-20T00:00:00.000Z', '2026-11-21T00:00:00.000Z'],
  ['month', 'UTC', '2028-02-29T12:00:00Z', '2028-02-01T00:00:00.000Z', '2028-03-01T00:00:00.000Z'],
  ['month', 'UTC', '2026-12-31T23:59:59Z', '2026-12-01T00:00:00.000Z', '2027-01-01T00:00:00.000Z'],
  // A day of 23 hours and one of 25.
  ['day', 'Europe/Berlin', '2026-03-29T12:00:00Z', '2026-03-28T23:00:00.000Z', '2026-03-29T22:00:00.000Z'],
  ['day', 'Europe/Berlin', '2026-10-25T12:00:00Z', '2026-10-24T22:00:00.000Z', '2026-10-25T23:00:00.000Z'],
  // A month that begins in one time and ends in the other.
  [
    'month',
    'America/New_York',
    '2026-03-20T00:00:00Z',
    '2026-03-01T05:00:00.000Z',
    '2026-04-01T04:00:00.000Z',
  ],
  [
    'month',
    'America/New_York',
    '2026-11-01T12:00:00Z',
    '2026-11-01T04:00:00.000Z',
    '2026-12-01T05:00:00.000Z',
  ],
  // The last instant of a month there is long the next one in UTC, and the other way round.
  [
    'month',
    'Pacific/Honolulu',
    '2026-12-01T09:59:59Z',
    '2026-11-01T10:00:00.000Z',
    '2026-12-01T10:00:00.000Z',
  ],
  [
    'month',
    'Pacific/Kiritimati',
    '2026-11-30T10:00:00Z',
    '2026-11-30T10:00:00.000Z',
    '2026-12-31T10:00:00.000Z',
  ],
  ['day', 'Asia/Kolkata', '2026-11-21T18:30:00Z', '2026-11-21T18:30:00.000Z', '2026-11-22T18:30:00.000Z'],
  // No midnight: the clock goes from 00:00 to 01:00.
  ['day', 'Asia/Beirut', '2026-03-29T12:00:00Z', '2026-03-28T22:00:00.000Z', '2026-03-29T21:00:00.000Z'],
  ['day', 'Asia/Beirut', '2026-03-28T12:00:00Z', '2026-03-27T22:00:00.000Z', '2026-03-28T22:00:00.000Z'],
  // Two midnights: at 01:00 the clock goes back to 00:00, and the first of them begins the day.
  ['day', 'America/Havana', '2026-11-01T04:30:00Z', '2026-11-01T04:00:00.000Z', '2026-11-02T05:00:00.000Z'],
  ['day', 'America/Havana', '2026-11-01T05:30:00Z', '2026-11-01T04:00:00.000Z', '2026-11-02T05:00:00.000Z'],
  ['day', 'America/Havana', '2026-11-01T03:30:00Z', '2026-10-31T04:00:00.000Z', '2026-11-01T04:00:00.000Z'],
  ['month', 'America/Havana', '2026-11-01T04:30:00Z', '2026-11-01T04:00:00.000Z', '2026-12-01T05:00:00.000Z'],
  // At midnight the clock goes back to 23:00: that hour comes twice, both times on the old day.
  ['day', 'Asia/Beirut', '2026-10-24T21:30:00Z', '2026-10-23T21:00:00.000Z', '2026-10-24T22:00:00.000Z'],
] as const)('the %s of %s around %s', async (period, zone, at, start, end) => {
  expect(await periodOf(period, zone, at)).toEqual([start, end]);
});

it('gives every hour of a year to one period, which ends where the next begins', async () => {
  const zones = [
    'UTC',
    'Europe/Berlin',
    'America/Havana',
    'Asia/Beirut',
    'Australia/Lord_Howe',
    'Africa/Cairo',
  ];
  const wrong = await world.sql(
    `select zone, kind, at from unnest($1::text[]) zone, unnest('{day,month}'::text[]) kind,
            generate_series('2026-01-01', '2026-12-31', interval '30 minutes') at
      where at < period_start(kind, zone, at) or at >= period_end(kind, zone, at)
         or period_start(kind, zone, period_start(kind, zone, at)) <> period_start(kind, zone, at)
         or period_start(kind, zone, period_end(kind, zone, at)) <> period_end(kind, zone, at)
         or period_end(kind, zone, period_start(kind, zone, at)) <> period_end(kind, zone, at)`,
    [zones],
  );
  expect(wrong).toEqual([]);
});
