import type { BudgetPeriod } from './lock';

/** "The business's budget for this month", at the start of a sentence. */
export function nameOfBudget({ scope, scopeName, period }: BudgetPeriod): string {
  const whose = {
    business: 'The business’s budget',
    member: `The budget of ${scopeName ?? 'a former member'}`,
    agent: `The budget of the agent ${scopeName ?? '(deleted)'}`,
  }[scope];
  return `${whose} for ${period === 'day' ? 'today' : 'this month'}`;
}

/** When a budget's next period begins, in the business's own time. */
export function renewalOf({ end, timezone }: BudgetPeriod): string {
  const format = new Intl.DateTimeFormat('en-GB', {
    dateStyle: 'long',
    timeStyle: 'short',
    timeZone: timezone,
  });
  return `${format.format(end)} (${timezone})`;
}
