import type { Knex } from 'knex';
import { TOOL_NAMES } from '../../domain/runs/types';
import { BUSINESS_ID } from './ids';
import { newId } from '../../lib/ids';

/** Which provider the demo's agents ask: the first that has a key, or else the sandbox. */
export interface AgentProviders {
  OPENAI_API_KEY?: string | undefined;
  ANTHROPIC_API_KEY?: string | undefined;
}

const modelOf = ({ OPENAI_API_KEY, ANTHROPIC_API_KEY }: AgentProviders): string => {
  if (OPENAI_API_KEY) return 'openai/gpt-5-mini';
  return ANTHROPIC_API_KEY ? 'anthropic/claude-haiku-4-5' : 'sandbox/sandbox-analyst';
};

/** One agent that may use every tool, and one that only looks things up. */
export async function createAgents(
  trx: Knex.Transaction,
  providers: AgentProviders,
  createdBy: string,
): Promise<void> {
  const common = {
    business_id: BUSINESS_ID,
    model: modelOf(providers),
    max_tokens: 1_024,
    created_by: createdBy,
  };
  await trx('agents').insert([
    {
      ...common,
      id: newId(),
      name: 'Analyst',
      type: 'analyst',
      system_prompt:
        'You answer questions about the Demo Store with figures from its widgets, and say which.',
      tools: [...TOOL_NAMES],
    },
    {
      ...common,
      id: newId(),
      name: 'Assistant',
      type: 'assistant',
      system_prompt: 'You help people of the Demo Store find the widget or dashboard they look for.',
      tools: ['search'],
    },
  ]);
}
