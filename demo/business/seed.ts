import type { Knex } from 'knex';
import type { Database } from '../../db/database';
import { hashPassword } from '../../domain/accounts/passwords';
import { createDashboard } from '../../domain/dashboards/write';
import type { Actor } from '../../domain/roles';
import { createWidget } from '../../domain/widgets/write';
import { newId } from '../../lib/ids';
import { MANAGER, MEMBER, PEOPLE, type Person } from '../people';
import { STORE_TIMEZONE } from '../store/demand';
import { createAgents, type AgentProviders } from './agents';
import { createConnections, type Places } from './connections';
import { BUSINESS_ID } from './ids';
import { flow } from './layout';
import { MEMBER_WIDGETS, PLATFORM_WIDGETS } from './platform-widgets';
import { SALES_WIDGETS } from './sales-widgets';
import { createPersonalTouch } from './themes';
import type { DemoWidget } from './widget';

export interface SeedOptions extends Places {
  /** Of all of the demo's people. */
  password: string;
  /** ENCRYPTION_KEYS, newest first. */
  encryptionKeys: readonly string[];
  /** May the demo's operator also change what is in the queues? Only where nobody else's work is in them. */
  operatorMayAct: boolean;
  /** What the agents answer with. */
  providers: AgentProviders;
}

interface Placed {
  widgetId: string;
  size: DemoWidget['size'];
}

/**
 * Writes the demo's people and its business with connections, widgets, dashboards and themes. One transaction: it is there
 * as a whole or not at all. Where it is there already nothing is written, whatever its people made of it.
 *
 * Across tenants: the business does not exist yet.
 * @returns the people, or undefined where the demo was there
 */
export async function seedDemo(db: Database, options: SeedOptions): Promise<readonly Person[] | undefined> {
  return db.knex.transaction(async (trx) => {
    await trx.raw('set local role liveboard_system');
    // Of two seeds at once, the second waits here for the first one's end.
    const made = await trx('businesses')
      .insert({ id: BUSINESS_ID, name: 'Demo Store', timezone: STORE_TIMEZONE, locale: 'en' })
      .onConflict('id')
      .ignore()
      .returning('id');
    if (made.length === 0) return undefined;
    await createPeople(trx, options);
    await createConnections(trx, options, options.encryptionKeys, MANAGER.id);
    const shop = await createWidgets(trx, MANAGER, options.sales ? SALES_WIDGETS : []);
    const platform = await createWidgets(trx, MANAGER, PLATFORM_WIDGETS);
    const notes = await createWidgets(trx, MEMBER, MEMBER_WIDGETS);
    await createDashboards(trx, shop, platform, notes);
    await createPersonalTouch(trx, actorOf(MEMBER), 'My day');
    await createPersonalTouch(trx, actorOf(MANAGER), 'Platform');
    await createAgents(trx, options.providers);
    return PEOPLE;
  });
}

async function createPeople(trx: Knex.Transaction, { password, operatorMayAct }: SeedOptions): Promise<void> {
  const hashes = await Promise.all(PEOPLE.map(() => hashPassword(password)));
  await trx('users').insert(
    PEOPLE.map(({ id, email, name, role }, index) => ({
      id,
      email,
      name,
      password_hash: hashes[index],
      email_verified_at: trx.fn.now(),
      operator: role === undefined,
      operator_may_act: role === undefined && operatorMayAct,
    })),
  );
  const members = PEOPLE.filter(({ role }) => role !== undefined);
  await trx('memberships').insert(
    members.map(({ id, role }) => ({ id: newId(), business_id: BUSINESS_ID, user_id: id, role })),
  );
}

async function createWidgets(
  trx: Knex.Transaction,
  owner: Person,
  widgets: readonly DemoWidget[],
): Promise<Placed[]> {
  const placed: Placed[] = [];
  for (const { size, ...input } of widgets) {
    const { id } = await createWidget(trx, BUSINESS_ID, owner.id, input);
    placed.push({ widgetId: id, size });
  }
  return placed;
}

async function createDashboards(
  trx: Knex.Transaction,
  shop: readonly Placed[],
  platform: readonly Placed[],
  notes: readonly Placed[],
): Promise<void> {
  if (shop.length > 0) {
    await createDashboard(trx, actorOf(MANAGER), {
      name: 'Sales',
      description: 'A simulated coffee shop, live: its orders are computed, not received.',
      shared: true,
      layout: flow(shop),
    });
  }
  await createDashboard(trx, actorOf(MANAGER), {
    name: 'Platform',
    description: 'How this installation is doing.',
    shared: true,
    layout: flow(platform),
  });
  await createDashboard(trx, actorOf(MEMBER), {
    name: 'My day',
    description: 'Only Mei sees this one.',
    shared: false,
    layout: flow([...shop.slice(0, 2), ...notes]),
  });
}

/** The person, acting without a login. */
const actorOf = ({ id, role }: Person): Actor => ({
  userId: id,
  businessId: BUSINESS_ID,
  sessionId: null,
  role: role ?? 'viewer',
  operator: false,
  emailVerified: true,
  apiKey: null,
});
