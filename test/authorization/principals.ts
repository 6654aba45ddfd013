import { withSystem, withTenantModels } from '../../db/scope';
import { openChallenge } from '../../domain/accounts/challenges';
import { TRIES_BEFORE_LOCK } from '../../domain/accounts/login-failures';
import { challengeTokenOf, refreshTokenOf, signAccessToken } from '../../domain/accounts/tokens';
import { API_SCOPES, type ApiScope } from '../../domain/api-keys/scopes';
import { createApiKey } from '../../domain/api-keys/write';
import { hasRole, type Role } from '../../domain/roles';
import { NOWHERE } from '../factories/audit-origin';
import { createPerson, type Person } from '../factories/tenant';
import { query } from '../support/postgres';
import { JWT_SECRET } from '../server/serve';
import { apiOf } from '../server/http/api';
import { eventually } from '../support/eventually';
import type { RouteRule } from './policy-table';
import type { World } from './world';

/** Somebody, or something, that asks; and what the table is to be read with. */
export interface Principal {
  /** What is sent as bearer token; nothing where undefined. */
  token: string | undefined;
  /** Whose things it may reach; where it is nobody, a person whose things it must not. */
  person: Person;
  /** Undefined: nobody. */
  role: Role | undefined;
  scopes?: readonly ApiScope[];
  unverified?: true;
  /** Their password is not looked at for now. */
  locked?: true;
}

/** What the table says of somebody. A refusal of a login is 401, of a right 403. */
export function gateFor(rule: RouteRule, { role, scopes, unverified }: Principal, own = false) {
  if (rule.who === 'anyone') return 'through';
  if (role === undefined) return 401;
  if (scopes && (rule.key === undefined || (rule.key !== 'any' && !scopes.includes(rule.key)))) return 403;
  if (!hasRole(role, (own && rule.own) || rule.who)) return 403;
  return rule.verified && unverified ? 403 : 'through';
}

/** `lb_` and the prefix: what a key is found by. */
const KEY_HEAD = 'lb_0123456789ab'.length;

/** The code of a 403: a key hears first that it is one, an unverified person last that they are. */
export function reasonFor(rule: RouteRule, { role, scopes }: Principal): string {
  const isOpenToKey = rule.key === 'any' || (rule.key !== undefined && scopes?.includes(rule.key));
  if (scopes && !isOpenToKey) return 'insufficient_scope';
  return role && rule.who !== 'anyone' && hasRole(role, rule.who) ? 'email_unverified' : 'forbidden';
}

type Make = (world: World) => Promise<Principal>;

const person =
  (role: Role, change?: (world: World, person: Person) => Promise<unknown>): Make =>
  async (world) => {
    const made = await createPerson(world.making, world.own.businessId, role);
    await change?.(world, made);
    return { token: made.token, person: made, role };
  };

/** A person whose session is asked about once, then not for as long as its answer is believed. */
const nobody =
  (role: Role, tokenOf: (world: World, person: Person) => Promise<string | undefined>): Make =>
  async (world) => {
    const made = await createPerson(world.making, world.own.businessId, role);
    return { token: await tokenOf(world, made), person: made, role: undefined };
  };

const change = (world: World, statement: string) => query(world.databaseUrl, statement);

/** Everyone who asks with a login of their own, made anew for each request: some requests end all logins. */
export const PEOPLE: Readonly<Record<string, Make>> = {
  viewer: person('viewer'),
  member: person('member'),
  manager: person('manager'),
  admin: person('admin'),
  'an unverified admin': async (world) => ({
    ...(await person('admin', (_, { userId }) =>
      change(world, `update users set email_verified_at = null where id = '${userId}'`),
    )(world)),
    unverified: true,
  }),
  'an operator who is a viewer': person('viewer', (world, { userId }) =>
    change(world, `update users set operator = true, operator_may_act = true where id = '${userId}'`),
  ),
  // The lock is the address's at a login: whoever locks it must not end the owner's sessions.
  'a locked member': async (world) => ({ ...(await person('member', lock)(world)), locked: true }),
};

async function lock(world: World, { email }: Person): Promise<void> {
  await change(
    world,
    `insert into login_failures (address_hash, failures, locks, locked_until)
     values (sha256(convert_to('${email.toLowerCase()}', 'UTF8')), ${TRIES_BEFORE_LOCK}, 1, now() + interval '1 h')`,
  );
}

/** Whoever holds something that is no login (any more). */
export const NOBODIES: Readonly<Record<string, Make>> = {
  'a stranger': nobody('admin', async () => undefined),
  'a revoked session': nobody('admin', async (world, { sessionId, token }) => {
    await change(world, `update sessions set revoked_at = now() where id = '${sessionId}'`);
    return token;
  }),
  'an expired session': nobody('admin', async (world, { sessionId, token }) => {
    await change(world, `update sessions set expires_at = now() where id = '${sessionId}'`);
    return token;
  }),
  'an idle session': nobody('admin', async (world, { sessionId, token }) => {
    await change(
      world,
      `update sessions set last_used_at = now() - interval '7 days 1 s' where id = '${sessionId}'`,
    );
    return token;
  }),
  'a removed member': nobody('admin', async (world, { userId, token }) => {
    await change(world, `delete from memberships where user_id = '${userId}'`);
    return token;
  }),
  'a session revoked after its last use': nobody('admin', async (world, { sessionId, token }) => {
    await refusedAfter(world, token, `update sessions set revoked_at = now() where id = '${sessionId}'`, 401);
    return token;
  }),
  'a token for another business': nobody('admin', async ({ other }, { userId, sessionId }) =>
    signAccessToken({ userId, sessionId, businessId: other.businessId }, [JWT_SECRET]),
  ),
  'a token for another’s session': nobody('viewer', async ({ own }, { userId }) =>
    signAccessToken({ userId, sessionId: own.admin.sessionId, businessId: own.businessId }, [JWT_SECRET]),
  ),
  'a token of another secret': nobody('admin', async (_, claims) =>
    signAccessToken(claims, ['another secret']),
  ),
  'a refresh token': nobody('admin', async (_, { sessionId }) => refreshTokenOf(sessionId, 1, [JWT_SECRET])),
  'a login that waits for its second factor': nobody('admin', async ({ db }, { userId }) => {
    const id = await withSystem(db, (tx) => openChallenge(tx, userId));
    return challengeTokenOf(id, [JWT_SECRET]);
  }),
  'a deleted API key': nobody('admin', async (world, maker) => {
    const { text, id } = await keyOf(world, maker, API_SCOPES);
    await change(world, `delete from api_keys where id = '${id}'`);
    return text;
  }),
  'an API key that ran out': nobody('admin', async (world, maker) => {
    const { text, id } = await keyOf(world, maker, API_SCOPES);
    await change(world, `update api_keys set expires_at = now() where id = '${id}'`);
    return text;
  }),
  'an API key of a removed member': nobody('admin', async (world, maker) => {
    const { text } = await keyOf(world, maker, API_SCOPES);
    await change(world, `delete from memberships where user_id = '${maker.userId}'`);
    return text;
  }),
  'an API key with another secret': nobody('admin', async (world, maker) => {
    const [one, another] = [await keyOf(world, maker, API_SCOPES), await keyOf(world, maker, API_SCOPES)];
    return one.text.slice(0, KEY_HEAD) + another.text.slice(KEY_HEAD);
  }),
};

/** Whose rights are less than their role, or less than they were. They ask again and again. */
export const LESSER: Readonly<Record<string, Make>> = {
  'a demoted admin with the old token': async (world) => {
    const made = await createPerson(world.making, world.own.businessId, 'admin');
    await refusedAfter(
      world,
      made.token,
      `update memberships set role = 'viewer' where user_id = '${made.userId}'`,
      403,
    );
    return { token: made.token, person: made, role: 'viewer' };
  },
  ...Object.fromEntries(
    API_SCOPES.map((scope) => [`an admin’s API key for ${scope}`, apiKey('admin', [scope])]),
  ),
  'a viewer’s API key for everything': apiKey('viewer', API_SCOPES),
  'a member’s API key for everything': apiKey('member', API_SCOPES),
  'a manager’s API key for everything': apiKey('manager', API_SCOPES),
  'an API key of an admin who was demoted': async (world) => {
    const { person: maker, ...rest } = await apiKey('admin', API_SCOPES)(world);
    await change(world, `update memberships set role = 'viewer' where user_id = '${maker.userId}'`);
    world.context.apiKeys.forget(rest.token?.split('_')[1] ?? '');
    return { ...rest, person: maker, role: 'viewer' };
  },
};

export function apiKey(role: Role, scopes: readonly ApiScope[]): Make {
  return async (world) => {
    const maker = await createPerson(world.making, world.own.businessId, role);
    const { text, id } = await keyOf(world, maker, scopes);
    // The first use is noted in the key's row: before anyone compares what was written.
    await apiOf(world.port, text).get('/rate-limit');
    await eventually('the use of the key is noted', async () => {
      const used = await change(
        world,
        `select 1 from api_keys where id = '${id}' and last_used_at is not null`,
      );
      return used.length > 0;
    });
    return { token: text, person: maker, role, scopes };
  };
}

async function keyOf({ db }: World, maker: Person, scopes: readonly ApiScope[]) {
  const actor = { ...maker, operator: false, emailVerified: true, apiKey: null };
  const { row, text } = await withTenantModels(db, maker.businessId, (trx) =>
    createApiKey(
      trx,
      actor,
      { ...NOWHERE, businessId: maker.businessId },
      { name: 'A key', scopes, expiresAt: null },
    ),
  );
  return { id: row.id, text };
}

/** Uses a login, takes something away from it behind the server's back, and waits until the server has noticed. */
async function refusedAfter(world: World, token: string, statement: string, status: number): Promise<void> {
  const ask = async () => (await apiOf(world.port, token).get('/api-keys')).status;
  expect(await ask()).toBe(200);
  await change(world, statement);
  await eventually('what was taken away is gone', async () => (await ask()) === status);
}
