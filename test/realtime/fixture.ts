import { Client } from 'pg';
import { openDatabase, type Database } from '../../db/database';
import { withSystem } from '../../db/scope';
import { createSession } from '../../domain/accounts/sessions';
import { signAccessToken } from '../../domain/accounts/tokens';
import type { Actor, LoggedIn, Role } from '../../domain/roles';
import { newId } from '../../lib/ids';
import { eventually } from '../support/eventually';
import { createTestDatabase, query } from '../support/postgres';

export const SECRET = 'a-secret-for-tests-only-of-forty-characters';

export interface Person extends LoggedIn {
  token: string;
}

/** A database of a test file's own with what realtime tests need in it, written past row-level security. */
export interface World {
  url: string;
  db: Database;
  /** As the tables' owner, for what a test does behind the server's back. */
  sql(text: string, values?: readonly unknown[]): Promise<Record<string, unknown>[]>;
  addBusiness(): Promise<string>;
  /** A new person with a session in the business. */
  addPerson(businessId: string, role?: Role): Promise<Person>;
  /** Another login of the same person. */
  addSession(person: Actor): Promise<Person>;
  addDashboard(owner: Actor, options?: { shared?: boolean; widgetIds?: string[] }): Promise<string>;
  addWidget(owner: Actor, options?: Partial<WidgetColumns>): Promise<string>;
  /**
   * Until what is under way now in other databases of the server has ended. Where a cursor stands depends on every
   * transaction of the server, so that without this an answer can hold rows from before the cursor, harmlessly.
   */
  othersEnded(): Promise<void>;
  /** Closes its connections, so that the database can be a template. */
  leave(): Promise<void>;
  drop(): Promise<void>;
}

interface WidgetColumns {
  scope: 'business' | 'user';
  refreshWhen: 'always' | 'watched';
  schedule: object | null;
  ttlSeconds: number | null;
}

export async function createWorld(): Promise<World> {
  const { url, drop } = await createTestDatabase();
  return worldOn(url, drop);
}

/** The same on a database that the test made. It must be migrated. */
export async function worldOn(
  url: string,
  drop: () => Promise<void> = async () => undefined,
): Promise<World> {
  const db = openDatabase(url, 10);
  const owner = new Client({ connectionString: url });
  await owner.connect();
  const sql: World['sql'] = async (text, values = []) =>
    (await owner.query<Record<string, unknown>>(text, values as unknown[])).rows;

  let left: Promise<unknown> | undefined;
  const leave = async () => void (await (left ??= Promise.all([owner.end(), db.close()])));

  async function addSession(person: Actor): Promise<Person> {
    const sessionId = newId();
    const { userId, businessId } = person;
    await withSystem(db, (tx) =>
      createSession(tx, { id: sessionId, userId, businessId, userAgent: undefined, ip: undefined }),
    );
    return {
      ...person,
      sessionId,
      apiKey: null,
      token: signAccessToken({ userId, businessId, sessionId }, [SECRET]),
    };
  }

  return {
    url,
    db,
    sql,
    addSession,
    async othersEnded() {
      // On connections of their own: a transaction sees the server's activity as it first looked at it.
      const [now] = await query(url, 'select pg_current_xact_id()::xid::text as id');
      await eventually('others have ended', async () => {
        const older = await query(
          url,
          `select from pg_stat_activity where datname is distinct from current_database()
              and backend_xid::text::bigint < ${String(now?.id)}`,
        );
        return older.length === 0;
      });
    },
    async addBusiness() {
      const id = newId();
      await sql('insert into businesses (id, name) values ($1, $2)', [id, 'Business']);
      return id;
    },
    async addPerson(businessId, role = 'member') {
      const userId = newId();
      await sql(`insert into users (id, email, name, password_hash) values ($1, $2, $3, '')`, [
        userId,
        `${userId}@example.test`,
        `Person ${userId.slice(-4)}`,
      ]);
      await sql('insert into memberships (id, business_id, user_id, role) values ($1, $2, $3, $4)', [
        newId(),
        businessId,
        userId,
        role,
      ]);
      return addSession({
        userId,
        businessId,
        role,
        operator: false,
        sessionId: null,
        emailVerified: true,
        apiKey: null,
      });
    },
    async addDashboard({ businessId, userId }, { shared = true, widgetIds = [] } = {}) {
      const id = newId();
      await sql(
        'insert into dashboards (id, business_id, owner_id, name, shared) values ($1, $2, $3, $4, $5)',
        [id, businessId, userId, 'Dashboard', shared],
      );
      for (const widgetId of widgetIds) {
        await sql(
          'insert into dashboard_widgets (dashboard_id, widget_id, business_id) values ($1, $2, $3)',
          [id, widgetId, businessId],
        );
      }
      return id;
    },
    async addWidget({ businessId, userId }, options = {}) {
      const id = newId();
      const { scope = 'business', refreshWhen = 'always', schedule = null, ttlSeconds = null } = options;
      await sql(
        `insert into widgets (id, business_id, owner_id, name, type, source, scope, refresh_when, schedule, ttl_seconds)
         values ($1, $2, $3, 'Widget', 'stats', '{"kind":"static","data":{}}', $4, $5, $6, $7)`,
        [id, businessId, userId, scope, refreshWhen, schedule && JSON.stringify(schedule), ttlSeconds],
      );
      await sql(`insert into widget_data (widget_id, business_id, data) values ($1, $2, '{"n":0}')`, [
        id,
        businessId,
      ]);
      await sql('insert into widget_schedules (widget_id, business_id) values ($1, $2)', [id, businessId]);
      return id;
    },
    leave,
    async drop() {
      await leave();
      await drop();
    },
  };
}
