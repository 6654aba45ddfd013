import type { PresentedRun } from '../../domain/presenters/conversation';
import type { Replica } from '../../realtime/replica';
import { describeCalls, describeCost } from '../chat/wording';
import { aside, type Tellings } from './events';
import type { Printer } from './printer';
import { shorten } from './value';

/** What agents do and what it costs: a person's own chats, and to managers the business's money. */
export function agentTellings(replica: Replica, printer: Printer): Tellings {
  const agentName = (id: string | null) => (id && replica.get('agent', id)?.name) ?? 'an agent';
  const isNews = (kind: 'run' | 'message' | 'conversation', id: string, version: number) =>
    version > (replica.get(kind, id)?.version ?? 0);

  return {
    'run.changed'(run) {
      if (!isNews('run', run.id, run.version)) return;
      printer.line(
        agentName(run.agentId),
        describeRun(run),
        aside(run),
        run.status === 'failed' ? 'red' : 'cyan',
      );
    },
    'message.completed'(message) {
      if (!isNews('message', message.id, message.version)) return;
      const title = replica.get('conversation', message.conversationId)?.title;
      const words = message.content.trim().replaceAll(/\s+/g, ' ');
      printer.line(title ?? 'a conversation', `says: ${shorten(words)}`, aside(message), 'cyan');
    },
    'conversation.changed'(conversation) {
      if (!isNews('conversation', conversation.id, conversation.version)) return;
      if ('deleted' in conversation) {
        const title = replica.get('conversation', conversation.id)?.title ?? 'a conversation';
        printer.line(title, 'conversation deleted', aside(conversation), 'yellow');
        return;
      }
      const { messageCount, cost } = conversation;
      printer.line(
        conversation.title,
        `conversation, ${messageCount} messages, $${cost}`,
        aside(conversation),
      );
    },
    'usage.changed'(call) {
      const { tokens, estimated, cost } = call;
      const [input, cachedInput, cacheWrite, output, reasoning] = [
        tokens.input ?? 0,
        tokens.cachedInput ?? 0,
        tokens.cacheWrite ?? 0,
        tokens.output ?? 0,
        tokens.reasoning ?? 0,
      ];
      const text = describeCost({
        tokens: { input, cachedInput, cacheWrite, output, reasoning },
        cost,
        estimated,
      });
      printer.line(call.model, `call ${call.outcome}: ${text}`, aside(call), 'magenta');
    },
    'budget.threshold'(budget) {
      const limit = budget.limit === 'hard' ? budget.hardLimit : budget.softLimit;
      const text = `${budget.percent} % of the ${budget.limit} limit of $${limit} a ${budget.period} is used: $${budget.spent}`;
      printer.line(
        `Budget of ${budget.scope.name ?? `the ${budget.scope.kind}`}`,
        text,
        aside(budget),
        'yellow',
      );
    },
  };
}

const STATES: Record<PresentedRun['status'], string> = {
  queued: 'waits for a worker',
  running: 'is answering',
  waiting: 'waits for a word',
  completed: 'has answered',
  stopped: 'was stopped',
  failed: 'failed',
};

function describeRun(run: PresentedRun): string {
  const [wanted] = run.confirmations;
  const doing = run.status === 'running' ? describeCalls(run.toolCalls).at(-1) : undefined;
  const parts = [
    doing ?? STATES[run.status],
    wanted?.summary,
    run.reason?.message,
    run.finishedAt ? describeCost(run) : undefined,
  ];
  return parts.filter(Boolean).join(': ');
}
