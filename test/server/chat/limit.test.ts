import type { ChatLimit } from '../../../server/chat/limit';
import { withTenant, type Transaction } from '../../../db/scope';
import { actorOf } from '../../factories/chat';
import { createTenant, type Tenant } from '../../factories/tenant';
import { JWT_SECRET, serve, type Served } from '../serve';

let served: Served;
let tenant: Tenant;
let limit: ChatLimit;
beforeAll(async () => {
  served = await serve();
  tenant = await createTenant({ db: served.db, secrets: [JWT_SECRET] });
  limit = served.context.chatLimit;
});
afterAll(() => served.close());

const used = async () => {
  const allowances = await limit.show(actorOf(tenant.admin));
  return allowances.map((allowance) => allowance.limit - allowance.remaining);
};

it('counts a chat in every window', async () => {
  const actor = actorOf(tenant.admin);
  await withTenant(served.db, actor.businessId, (tx) => limit.consume(actor, tx));
  expect(await used()).toEqual([1, 1, 1]);
  await limit.giveBack(actor);
  expect(await used()).toEqual([0, 0, 0]);
});

it('does not count one whose limits could not be read', async () => {
  const broken = {
    query: () => Promise.reject(new Error('the connection is gone')),
  } as unknown as Transaction;
  await expect(limit.consume(actorOf(tenant.admin), broken)).rejects.toThrow('the connection is gone');
  expect(await used()).toEqual([0, 0, 0]);
});
