import pino from 'pino';
import type { Route } from '../../../server/http/route';
import { apiRoutes } from '../../../server/routes';
import { createPerson, createTenant, type Person, type Tenant } from '../../factories/tenant';
import { makerFor, makersOf } from '../../server/routes/things';
import { JWT_SECRET, serve, type Served } from '../../server/serve';
import { NO_LIMITS } from '../../support/no-limits';

/** A server with two businesses, and a log of what it calls a failure of its own. */
export interface FuzzWorld {
  served: Served;
  own: Tenant;
  routes: Route[];
  /** Lines of level error and above so far. */
  failures: string[];
  /** An admin of their own for a route (some end all their logins), and the ids that requests may name. */
  stageFor(route: Route): Promise<{ person: Person; ids: string[] }>;
}

const KINDS = (
  'widgets connections dashboards themes notifications api-keys invitations members providers agents ' +
  'conversations runs reports'
).split(' ');

export async function openFuzzWorld(): Promise<FuzzWorld> {
  const failures: string[] = [];
  const logger = pino({ level: 'error' }, { write: (line: string) => void failures.push(line) });
  const served = await serve({ ENCRYPTION_KEYS: 'a key of the tests' }, { rateLimits: NO_LIMITS }, logger);
  const making = { db: served.db, secrets: [JWT_SECRET] };
  const [own, other] = await Promise.all([createTenant(making), createTenant(making)]);
  const makers = makersOf(served);
  const things = new Map<Tenant, string[]>();
  for (const tenant of [own, other]) {
    const ids: string[] = [];
    for (const kind of KINDS) ids.push(await makerFor(makers, `/${kind}`)(tenant.admin));
    things.set(tenant, ids);
  }
  const shared = [...(things.get(own) ?? []), ...(things.get(other) ?? []), other.businessId];
  return {
    served,
    own,
    failures,
    routes: apiRoutes(served.context),
    async stageFor({ path }) {
      const person = await createPerson(making, own.businessId, 'admin');
      const fresh = path.includes(':')
        ? [await makerFor(makers, path)(person), await makerFor(makers, path)(person)]
        : [];
      // Named more often than the rest.
      return { person, ids: [...fresh, ...fresh, ...fresh, ...shared, own.businessId, person.userId] };
    },
  };
}
