import { randomUUID } from 'node:crypto';
import { hashPassword } from '../../../domain/accounts/passwords';
import { ask, type Answer } from '../../server/serve';
import { query } from '../../support/postgres';

const PASSWORD = 'correct horse battery staple';
const QUEUES = ['widget-refresh', 'agent-run', 'mail', 'maintenance'];
/** So many jobs of a state on a page of the board. */
const PAGES = [1, 2, 3];

const cookiesOf = ({ headers }: Answer): string =>
  headers
    .getSetCookie()
    .map((line) => line.split(';', 1)[0])
    .join('; ');

/** All that an operator's Bull Board shows of every queue's jobs. */
export async function boardTexts(port: number, databaseUrl: string): Promise<string> {
  const base = `http://127.0.0.1:${port}/admin/queues`;
  const email = `${randomUUID()}@example.test`;
  await query(
    databaseUrl,
    `insert into users (id, email, name, password_hash, operator)
     values ('${randomUUID()}', '${email}', 'An operator', '${await hashPassword(PASSWORD)}', true)`,
  );
  const page = await ask(`${base}/login`);
  const token = /name="token" value="([^"]+)"/.exec(page.text)?.[1] ?? '';
  const answer = await ask(`${base}/login`, {
    method: 'POST',
    headers: { Cookie: cookiesOf(page), 'Sec-Fetch-Site': 'same-origin' },
    body: new URLSearchParams({ token, email, password: PASSWORD }),
  });
  if (answer.status !== 303) throw new Error(`The board let nobody in: ${answer.status} ${answer.text}`);
  const headers = { Cookie: cookiesOf(answer) };
  let texts = '';
  for (const queue of QUEUES) {
    for (const number of PAGES) {
      const shown = await ask(`${base}/api/queues?activeQueue=${queue}&page=${number}&jobsPerPage=100`, {
        headers,
      });
      if (shown.status !== 200) throw new Error(`The board shows no queue: ${shown.status}`);
      texts += shown.text;
    }
  }
  return texts;
}
