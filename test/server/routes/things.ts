import { tenantStatement, type Statement } from '../../../db/scope';
import type { Database } from '../../../db/database';
import { newId } from '../../../lib/ids';
import {
  dashboardBody,
  httpConnectionBody,
  providerBody,
  themeBody,
  widgetBody,
} from '../../factories/bodies';
import { createAgent, createConversation, createFinishedRun, createReport } from '../../factories/chat';
import { createPerson, logIn, type Person } from '../../factories/tenant';
import { apiOf } from '../http/api';
import { JWT_SECRET } from '../serve';

const NOTIFY: Statement = {
  name: 'test-notify',
  text: `insert into notifications (id, business_id, user_id, type, title, body)
         values ($1, $2, $3, 'widget.paused', 'A title', 'A text')`,
};

/** Posts one and gives its id. */
export async function createThing(port: number, person: Person, path: string, body: object): Promise<string> {
  const answer = await apiOf(port, person.token).post(path, body);
  if (answer.status !== 201) throw new Error(`POST ${path}: ${answer.status} ${answer.text}`);
  return (answer.body.data as { id: string }).id;
}

/** Makes the kind of thing whose id a path has, by the path's first part, or the one behind `/business`. */
export type Maker = (person: Person, overrides?: object) => Promise<string>;

export const makersOf = ({ port, db }: { port: number; db: Database }): Record<string, Maker> => ({
  widgets: (person, overrides) => createThing(port, person, '/widgets', widgetBody({ ...overrides })),
  connections: (person, overrides) =>
    createThing(port, person, '/connections', httpConnectionBody({ ...overrides })),
  dashboards: (person, overrides) =>
    createThing(port, person, '/dashboards', dashboardBody({ ...overrides })),
  themes: (person, overrides) => createThing(port, person, '/themes', themeBody({ ...overrides })),
  /** A session beside the one that asks. */
  auth: async (person) => (await logIn({ db, secrets: [JWT_SECRET] }, person)).sessionId,
  notifications: async ({ businessId, userId }) => {
    const id = newId();
    await tenantStatement(db, businessId, NOTIFY, [id, businessId, userId]);
    return id;
  },
  'api-keys': (person) => createThing(port, person, '/api-keys', { name: 'A key', scopes: ['widgets:read'] }),
  invitations: (person) =>
    createThing(port, person, '/business/invitations', {
      email: `${newId()}@example.test`,
      role: 'viewer',
    }),
  /** A member beside the one that asks: their id is the person's. */
  members: async ({ businessId }) =>
    (await createPerson({ db, secrets: [JWT_SECRET] }, businessId, 'viewer')).userId,
  providers: (person, overrides) => createThing(port, person, '/providers', providerBody({ ...overrides })),
  agents: (person) => createAgent(db, person),
  conversations: (person) => createConversation(db, person),
  runs: (person) => createFinishedRun(db, person),
  reports: (person) => createReport(db, person),
});

/** @throws Error for a kind that the tests can't make yet */
export function makerFor(makers: Record<string, Maker>, path: string): Maker {
  const maker = makers[path.replace(/^\/business\//, '/').split('/')[1] ?? ''];
  if (!maker) throw new Error(`Add a maker of what ${path} is about to makersOf().`);
  return maker;
}
