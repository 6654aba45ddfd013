import { randomUUID } from 'node:crypto';
import { RATE_LIMITS } from '../../../server/http/rate-limits';
import { serve, type Served } from '../serve';
import { call } from './api';

/** A login of nobody, another each time: a person's own lock must not show here. */
const tryFrom = (served: Served, forwarded?: string | string[]) =>
  call(served.port, {
    method: 'post',
    path: '/api/v1/auth/login',
    json: { email: `${randomUUID()}@example.test`, password: 'a wrong password' },
    ...(forwarded !== undefined && { headers: { 'X-Forwarded-For': forwarded } }),
  }).then(({ status }) => status);

/** Statuses of ten tries and one more, each with the header that `forwarded` makes. */
async function eleven(served: Served, forwarded: (nth: number) => string | string[] | undefined) {
  const statuses: number[] = [];
  for (let nth = 1; nth <= 11; nth += 1) statuses.push(await tryFrom(served, forwarded(nth)));
  return statuses;
}
const LIMITED = [...Array.from({ length: 10 }, () => 401), 429];
const LET_THROUGH = Array.from({ length: 11 }, () => 401);

/** A server with the API's own limits, behind so many proxies. */
const behind = (proxies: number) => serve({ TRUSTED_PROXIES: String(proxies) }, { rateLimits: RATE_LIMITS });

it('believes nothing of X-Forwarded-For without a proxy', async () => {
  const served = await behind(0);
  expect(await eleven(served, (nth) => `203.0.113.${nth}`)).toEqual(LIMITED);
  await served.close();
});

it('believes one proxy what it wrote, which is the last entry', async () => {
  const served = await behind(1);
  // Whatever a client wrote before it is not looked at.
  expect(await eleven(served, (nth) => `198.51.100.${nth}, 203.0.113.7`)).toEqual(LIMITED);
  expect(await eleven(served, (nth) => `198.51.100.1, 203.0.113.${nth + 100}`)).toEqual(LET_THROUGH);
  // One household has a whole /64 of addresses.
  expect(await eleven(served, (nth) => `2001:db8:1:2::${nth}`)).toEqual(LIMITED);
  expect(await tryFrom(served, '2001:db8:1:3::1')).toBe(401);
  await served.close();
});

it('believes two proxies two entries, and no more', async () => {
  const served = await behind(2);
  expect(await eleven(served, (nth) => `198.51.100.${nth}, 203.0.113.7, 10.0.0.${nth}`)).toEqual(LIMITED);
  expect(await eleven(served, (nth) => `198.51.100.1, 203.0.113.${nth + 100}, 10.0.0.1`)).toEqual(
    LET_THROUGH,
  );
  await served.close();
});
