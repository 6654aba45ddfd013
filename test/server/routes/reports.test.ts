import { createReport } from '../../factories/chat';
import { createTenant, type Tenant } from '../../factories/tenant';
import { apiOf } from '../http/api';
import { JWT_SECRET, serve, type Served } from '../serve';

let served: Served;
let tenant: Tenant;
beforeAll(async () => {
  served = await serve();
  tenant = await createTenant({ db: served.db, secrets: [JWT_SECRET] });
});
afterAll(() => served.close());

const get = (path: string, accept?: string) =>
  apiOf(served.port, tenant.member.token).get(path, accept === undefined ? {} : { Accept: accept });

it.each([undefined, '*/*', 'text/csv', 'text/html, */*;q=0.8'])(
  'a report is a CSV file for whoever accepts %s',
  async (accept) => {
    const id = await createReport(served.db, tenant.member);
    const answer = await get(`/reports/${id}`, accept);
    expect([answer.status, answer.headers['content-type'], answer.text]).toEqual([
      200,
      expect.stringMatching(/^text\/csv/),
      'a',
    ]);
    expect(answer.headers['content-disposition']).toBe(`attachment; filename="report-${id}.csv"`);
  },
);

it('and JSON with its title for whoever prefers that', async () => {
  const id = await createReport(served.db, tenant.member);
  const answer = await get(`/reports/${id}`, 'application/json, text/plain, */*');
  expect(answer.body.data).toEqual({ title: 'A title', csv: 'a' });
});
