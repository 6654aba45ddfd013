import type { Knex } from 'knex';
import { trxStatement } from '../../db/trx-statement';
import { conversationPolicy } from '../policies/conversation';
import { dashboardPolicy, type DashboardAccess } from '../policies/dashboard';
import { widgetPolicy, type WidgetAccess } from '../policies/widget';
import type { Actor } from '../roles';
import type { SearchKind } from '../tools/catalog';
import { SEARCH_CONVERSATIONS, SEARCH_DASHBOARDS, SEARCH_WIDGETS } from './statements';
import { snippetOf, termsOf } from './terms';

export interface SearchHit {
  kind: SearchKind;
  id: string;
  name: string;
  /** A widget's. */
  type?: string;
  /** The text around what was found. */
  snippet: string;
}

interface Found {
  id: string;
  name: string;
  type?: string;
  text: string;
  rank: number;
}
type FoundRow =
  | ({ kind: 'widget' } & Found & WidgetAccess)
  | ({ kind: 'dashboard' } & Found & DashboardAccess)
  | ({ kind: 'conversation' } & Found & { businessId: string; userId: string });

export interface SearchFor {
  query: string;
  kinds: readonly SearchKind[];
  limit: number;
  /** The conversation that asks; left out. */
  conversationId: string;
}

/** The statements give what the policies allow; the policies are asked all the same, so that they stay the rule. */
function mayRead(actor: Actor, row: FoundRow): boolean {
  switch (row.kind) {
    case 'widget':
      return widgetPolicy.read(actor, row);
    case 'dashboard':
      return dashboardPolicy.read(actor, row);
    case 'conversation':
      return conversationPolicy.read(actor, row);
  }
}

/** Full text over what the actor may read, the best hits first, in a transaction of their business. */
export async function search(
  trx: Knex.Transaction,
  actor: Actor,
  { query, kinds, limit, conversationId }: SearchFor,
): Promise<SearchHit[]> {
  const { prefixes, pattern, words, ...terms } = termsOf(query);
  const values = [actor.userId, terms.query, prefixes, pattern, limit];
  const found: FoundRow[] = [];
  if (kinds.includes('widget')) found.push(...(await trxStatement<FoundRow>(trx, SEARCH_WIDGETS, values)));
  if (kinds.includes('dashboard')) {
    found.push(...(await trxStatement<FoundRow>(trx, SEARCH_DASHBOARDS, values)));
  }
  if (kinds.includes('conversation')) {
    found.push(...(await trxStatement<FoundRow>(trx, SEARCH_CONVERSATIONS, [...values, conversationId])));
  }
  return found
    .filter((row) => mayRead(actor, row))
    .sort((a, b) => b.rank - a.rank)
    .slice(0, limit)
    .map(({ kind, id, name, type, text }) => ({
      kind,
      id,
      name,
      ...(type !== undefined && { type }),
      snippet: snippetOf(text, words),
    }));
}
