import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Route } from '../../server/http/route';
import { apiRoutes } from '../../server/routes';
import { createSocketServer, type Sockets } from '../../server/sockets';
import { createTenant, type Tenant, type TenantOptions } from '../factories/tenant';
import { JWT_SECRET, serve, type Served } from '../server/serve';
import { makersOf, type Maker } from '../server/routes/things';

/** A server with two businesses in it. */
export interface World extends Served {
  making: TenantOptions;
  own: Tenant;
  other: Tenant;
  routes: Route[];
  makers: Record<string, Maker>;
}

export async function startWorld(): Promise<World> {
  const served = await serve({ ENCRYPTION_KEYS: 'a key of the tests' });
  const making = { db: served.db, secrets: [JWT_SECRET] };
  const [own, other] = await Promise.all([createTenant(making), createTenant(making)]);
  return { ...served, making, own, other, routes: apiRoutes(served.context), makers: makersOf(served) };
}

/** Sockets of the same server, at a port of their own. */
export async function startSockets({
  context,
}: World): Promise<{ port: number; sockets: Sockets; close(): Promise<void> }> {
  const http = createServer();
  const sockets = await createSocketServer(http, context);
  await new Promise<void>((resolve) => {
    http.listen(0, '127.0.0.1', resolve);
  });
  return {
    port: (http.address() as AddressInfo).port,
    sockets,
    async close() {
      await sockets.close();
      await new Promise((resolve) => {
        http.close(resolve);
      });
    },
  };
}

/** Requests at the same time: the server has so many connections to the database twice over. */
const AT_ONCE = 8;

/** Does `work` for each item, several at a time; what it gives, in the items' order. */
export async function eachOf<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  let next = 0;
  const take = async () => {
    for (let index = next++; index < items.length; index = next++) {
      results[index] = await work(items[index] as Item);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, take));
  return results;
}
