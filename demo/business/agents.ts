import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Knex } from 'knex';
import type { Database } from '../../db/database';
import { Agent } from '../../db/models/Agent';
import { withTenantModels } from '../../db/scope';
import { environmentProviderIds, type ProviderEnv } from '../../domain/models/available';
import { splitModel } from '../../domain/models/facts';
import { SANDBOX, SANDBOX_ANALYST } from '../../domain/models/sandbox';
import { TOOL_NAMES } from '../../domain/runs/types';
import { newId } from '../../lib/ids';
import { MANAGER } from '../people';
import { BUSINESS_ID } from './ids';

const OPENAI_MODEL = 'openai/gpt-5-mini';
const ANTHROPIC_MODEL = 'anthropic/claude-haiku-4-5';
const DEMO_MODELS = [OPENAI_MODEL, ANTHROPIC_MODEL, SANDBOX_ANALYST];

/** Tokens of one answer: a page or two, and room for what a model thinks before it. */
const MAX_TOKENS = 4_096;

/** What of the environment says who answers. */
export type AgentProviders = Partial<ProviderEnv>;

/** What the demo's agents answer with: of the first provider that has a key, else the sandbox's. */
export function demoModel({ OPENAI_API_KEY, ANTHROPIC_API_KEY }: AgentProviders): string {
  if (OPENAI_API_KEY) return OPENAI_MODEL;
  return ANTHROPIC_API_KEY ? ANTHROPIC_MODEL : SANDBOX_ANALYST;
}

export const isSandboxed = (providers: AgentProviders): boolean =>
  splitModel(demoModel(providers)).provider === SANDBOX;

/** One agent that may use every tool, and one that only looks things up. In a scope that sees the demo's business. */
export async function createAgents(trx: Knex.Transaction, providers: AgentProviders): Promise<void> {
  const common = {
    businessId: BUSINESS_ID,
    model: demoModel(providers),
    maxTokens: MAX_TOKENS,
    createdBy: MANAGER.id,
  };
  await Agent.query(trx).insert([
    {
      ...common,
      id: newId(),
      name: 'Analyst',
      type: 'analyst',
      systemPrompt: 'You answer questions about the Demo Store with figures from its widgets, and say which.',
      tools: [...TOOL_NAMES],
    },
    {
      ...common,
      id: newId(),
      name: 'Assistant',
      type: 'assistant',
      systemPrompt: 'You help people of the Demo Store find the widget or dashboard they look for.',
      tools: ['search'],
    },
  ]);
}

/** Says that this installation's demo was given its agents: whoever deleted them does not get them again. */
const markIn = (dataDir: string) => join(dataDir, 'demo.agents');

/**
 * Gives a demo of an earlier version its agents, once. A process that dies between the commit and the mark finds
 * them, or their tombstones, the next time.
 */
export async function giveAgents(db: Database, dataDir: string, providers: AgentProviders): Promise<void> {
  if (existsSync(markIn(dataDir))) return;
  await withTenantModels(db, BUSINESS_ID, async (trx) => {
    const had = await trx
      .from('agents')
      .select('id')
      .unionAll(trx.from('tombstones').select('row_id').where('kind', 'agent'))
      .first();
    // Someone may have deleted the demo's manager.
    const manager = await trx.from('users').where('id', MANAGER.id).first('id');
    if (!had && manager) await createAgents(trx, providers);
  });
  writeFileSync(markIn(dataDir), '');
}

/**
 * Lets the demo's agents answer with what is configured now: keys come and go from start to start, and with them
 * the sandbox. A model that someone chose, and one whose provider is there, stay.
 */
export async function moveAgents(db: Database, providers: AgentProviders): Promise<void> {
  const configured = new Set(environmentProviderIds(providers));
  const gone = DEMO_MODELS.filter((model) => !configured.has(splitModel(model).provider));
  await withTenantModels(db, BUSINESS_ID, async (trx) =>
    Agent.query(trx)
      .patch({ model: demoModel(providers) })
      .whereIn('model', gone)
      .whereRaw(`not exists (select from providers where slug = split_part(model, '/', 1))`),
  );
}
