/** What a person wants of the analyst. */
export type Intent =
  | { kind: 'figures' }
  | { kind: 'report' }
  | { kind: 'refresh' }
  /** null: no schedule. */
  | { kind: 'schedule'; everySeconds: number | null };

export interface Question {
  intent: Intent;
  /** What to look for: the person's words without those that say nothing about widgets. */
  words: string[];
}

const STOP_WORDS = new Set(
  `a about all an and any are as at be been by can compare could current currently did do does down for from get give
  go going had has have hello help hey hi how i in is it its latest let like list look many me much my need now of on
  or our please sandbox show so some tell than thank thanks that the their them there these they this those to up us
  want was we were what whats when where which who why will with would you your doing data figure figures number
  numbers value values widget widgets dashboard dashboards chart charts table tables analyse analyze analysis`.split(
    /\s+/,
  ),
);

/** Words that say what to do, not what with. */
const COMMANDS = {
  report: /\breport(s|ing)?\b/g,
  refresh: /\b(refresh(es|ed|ing)?|reload)\b/g,
  schedule: /\bschedul(e[ds]?|ing)\b/g,
  make: /\b(create|make|write|build|prepare|set|change|turn|off|stop|no|remove)\b/g,
};

const SECONDS = { second: 1, minute: 60, hour: 3_600, day: 86_400 } as const;
const EVERY = /\bevery\s+(\d{1,6})?\s*(second|minute|hour|day)s?\b/g;
const WITHOUT_SCHEDULE = /\b(no|stop|remove|without|off)\b/;

/** So many words are looked for: more can't all stand in one widget. */
const MOST_WORDS = 8;

/** Reads what a person wrote, in English. */
export function readQuestion(text: string): Question {
  const lower = text.toLowerCase().slice(0, 2_000);
  const intent = readIntent(lower);
  const rest = intent.kind === 'figures' ? lower : withoutCommands(lower);
  const words = (rest.match(/[\p{L}\p{N}]+/gu) ?? []).filter(
    (word) => word.length > 1 && !STOP_WORDS.has(word),
  );
  return { intent, words: [...new Set(words)].slice(0, MOST_WORDS) };
}

function readIntent(lower: string): Intent {
  const has = (pattern: RegExp) => lower.search(pattern) >= 0;
  const [, count, unit] = new RegExp(EVERY.source).exec(lower) ?? [];
  if (has(COMMANDS.refresh) || has(COMMANDS.schedule)) {
    if (unit)
      return { kind: 'schedule', everySeconds: Number(count ?? 1) * SECONDS[unit as keyof typeof SECONDS] };
    if (has(COMMANDS.schedule) && WITHOUT_SCHEDULE.test(lower))
      return { kind: 'schedule', everySeconds: null };
  }
  if (has(COMMANDS.refresh)) return { kind: 'refresh' };
  return has(COMMANDS.report) ? { kind: 'report' } : { kind: 'figures' };
}

function withoutCommands(lower: string): string {
  return [EVERY, ...Object.values(COMMANDS)].reduce((text, pattern) => text.replace(pattern, ' '), lower);
}
