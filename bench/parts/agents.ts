import { addScriptedAgent } from '../../test/factories/agents';
import { addPastChats } from '../../test/factories/past-chats';
import { startHelper } from './helper';
import type { Tenant } from './people';
import type { Stage } from './stage';

/** Tokens that the bench's agents may answer with: more than any measurement asks for. */
const MAX_TOKENS = 4_000;

/**
 * Starts a provider for the stage.
 * @param control remembers every request, to be asked for; costs memory
 * @returns its URL
 */
export async function startProvider(stage: Stage, control = false): Promise<{ pid: number; url: string }> {
  const { pid, ask } = await startHelper(stage, 'parts/provider', { control });
  return { pid, url: (await ask('url')) as string };
}

/**
 * An agent that does what it is told ({@link tell}), of a business whose people may ask without end, and have asked for
 * weeks.
 */
export async function makeAgent(stage: Stage, tenant: Tenant): Promise<string> {
  const { businessId } = tenant;
  const sql = (text: string, values: readonly unknown[] = []) => stage.sql.query(text, [...values]);
  await sql(
    `update businesses set chats_per_minute = 1000000, chats_per_hour = 1000000, chats_per_day = 1000000
      where id = $1`,
    [businessId],
  );
  const agentId = await addScriptedAgent(sql, businessId, { max_tokens: MAX_TOKENS });
  await addPastChats(sql, { businessId, agentId, userIds: tenant.members.map(({ userId }) => userId) });
  return agentId;
}

/** Said to the sandbox's script model: so many tokens at this pace, each the moment it goes out. */
export const tell = (moments: number, tokensPerSecond: number): string =>
  `#sandbox ${JSON.stringify({ moments, tokensPerSecond })}`;
