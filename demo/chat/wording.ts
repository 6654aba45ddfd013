import type { PresentedRun, PresentedToolCall } from '../../domain/presenters/conversation';

/** As `GET /rate-limit` says it: of messages to agents (`chat`), and of requests. */
export interface Allowance {
  name: string;
  window: 'minute' | 'hour' | 'day';
  limit: number;
  remaining: number;
}

const number = new Intl.NumberFormat('en-US');

const CALLS: Record<PresentedToolCall['status'], string> = {
  pending: '',
  waiting: ' (waits for your word)',
  approved: ' (allowed)',
  declined: ' (declined, not done)',
  done: '',
  failed: ' (failed)',
};

/** Calls in words, those that follow each other and are alike once: "uses search", "uses analysis, 3 times". */
export function describeCalls(calls: readonly Pick<PresentedToolCall, 'tool' | 'status'>[]): string[] {
  const alike: { words: string; times: number }[] = [];
  for (const { tool, status } of calls) {
    const words = `${tool}${CALLS[status]}`;
    const last = alike.at(-1);
    if (last?.words === words) last.times += 1;
    else alike.push({ words, times: 1 });
  }
  return alike.map(({ words, times }) => `uses ${words}${times > 1 ? `, ${times} times` : ''}`);
}

/** "3,210 tokens in, 87 out, $0.000812". */
export function describeCost({
  tokens,
  cost,
  estimated,
}: Pick<PresentedRun, 'tokens' | 'cost' | 'estimated'>): string {
  const read = tokens.input + tokens.cachedInput + tokens.cacheWrite;
  const written = tokens.output + tokens.reasoning;
  return `${number.format(read)} tokens in, ${number.format(written)} out, $${cost}${estimated ? ' (estimated)' : ''}`;
}

/** Who answered, what it took, and how much may still be asked. */
export function summary(run: PresentedRun, allowances: readonly Allowance[]): string {
  const left = allowances
    .filter(({ name }) => name === 'chat')
    .map(({ window, remaining }) => `${number.format(remaining)} this ${window}`);
  const model = run.model ? `${run.model}${run.sandbox ? ' (no language model)' : ''}` : 'no model was asked';
  return [model, describeCost(run), `messages left: ${left.join(', ')}`].join(' · ');
}

/** How a run ended, where it did not simply complete; undefined where it did. */
export function ending({ status, reason }: PresentedRun): string | undefined {
  if (status === 'stopped')
    return `stopped: ${reason?.message ?? 'You stopped this reply.'} What was written stays.`;
  if (status === 'failed') return `failed: ${reason?.message ?? 'No reason was given.'}`;
  return reason?.message;
}
