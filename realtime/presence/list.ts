import type { Database } from '../../db/database';
import { tenantStatement, type Statement } from '../../db/scope';
import type { PresencePerson } from '../events';

export interface PresenceList {
  /** Diffs above this number are not in it yet. */
  rev: number;
  people: PresencePerson[];
}

const LIST: Statement = {
  name: 'presence-list',
  text: `
    select coalesce((select rev from presence_scopes where business_id = $1 and scope_id = $2), 0) as rev,
           coalesce((select json_agg(json_build_object('userId', u.id, 'name', u.name, 'avatarUrl', u.avatar_url)
                                     order by u.id)
                       from presence_people p join users u on u.id = p.user_id
                      where p.business_id = $1 and p.scope_id = $2), '[]') as people`,
};

/** Who was announced and has not left, with the number of the last diff, from one snapshot. */
export async function listPresence(
  db: Database,
  businessId: string,
  dashboardId: string | undefined,
): Promise<PresenceList> {
  const [list] = await tenantStatement<PresenceList & object>(db, businessId, LIST, [
    businessId,
    dashboardId ?? businessId,
  ]);
  return list ?? { rev: 0, people: [] };
}
