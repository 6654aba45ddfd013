import type { Knex } from 'knex';

/** Names of the agents that use a provider, for the answer or as a fallback. */
export async function agentsUsing(trx: Knex.Transaction, slug: string): Promise<string[]> {
  const rows = (await trx('agents')
    .select('name')
    .whereRaw(`split_part(model, '/', 1) = ?`, [slug])
    .orWhereRaw(`exists (select from unnest(fallback_models) name where split_part(name, '/', 1) = ?)`, [
      slug,
    ])
    .orderBy('name')) as { name: string }[];
  return rows.map(({ name }) => name);
}
