import type { Database } from '../db/database';
import { tenantStatement, type Statement } from '../db/scope';
import { newId } from '../lib/ids';

/** What came of a probe: the data, or why there is none. */
export type ProbeOutcome =
  { ok: true; data: unknown; latencyMs: number } | { ok: false; error: { code: string; message: string } };

export interface Probe {
  id: string;
  kind: 'preview' | 'connection';
  /** `{type, source}` of a preview; empty for a connection's test. */
  request: Record<string, unknown>;
  connection: {
    id: string;
    kind: 'postgres' | 'http';
    config: Record<string, unknown>;
    secret: string | null;
  } | null;
}

const CREATE: Statement = {
  name: 'probe-create',
  text: 'insert into source_probes (id, business_id, kind, request, connection_id) values ($1, $2, $3, $4, $5)',
};
const LOAD: Statement = {
  name: 'probe-load',
  text: `select p.id, p.kind, p.request, case when c.id is not null then json_build_object(
                'id', c.id, 'kind', c.kind, 'config', c.config, 'secret', c.secret) end as connection
           from source_probes p
           left join connections c on c.business_id = p.business_id and c.id = p.connection_id
          where p.id = $1 and p.outcome is null`,
};
const END: Statement = { name: 'probe-end', text: 'update source_probes set outcome = $2 where id = $1' };
const ENDED: Statement = {
  name: 'probe-ended',
  text: 'select outcome is not null as ended from source_probes where id = $1',
};
const TAKE: Statement = {
  name: 'probe-take',
  text: 'delete from source_probes where id = $1 returning outcome',
};

export async function createProbe(
  db: Database,
  businessId: string,
  probe: { kind: Probe['kind']; request: Record<string, unknown>; connectionId: string | null },
): Promise<string> {
  const id = newId();
  await tenantStatement(db, businessId, CREATE, [
    id,
    businessId,
    probe.kind,
    JSON.stringify(probe.request),
    probe.connectionId,
  ]);
  return id;
}

/** undefined when whoever asked is gone, or it was answered already. */
export const loadProbe = async (db: Database, businessId: string, id: string): Promise<Probe | undefined> =>
  (await tenantStatement<Probe>(db, businessId, LOAD, [id]))[0];

export const endProbe = (
  db: Database,
  businessId: string,
  id: string,
  outcome: ProbeOutcome,
): Promise<unknown> => tenantStatement(db, businessId, END, [id, JSON.stringify(outcome)]);

export async function isProbeEnded(db: Database, businessId: string, id: string): Promise<boolean> {
  const [row] = await tenantStatement<{ ended: boolean }>(db, businessId, ENDED, [id]);
  return row?.ended ?? true;
}

/** Reads the answer and forgets the probe; undefined where no worker has answered. */
export async function takeProbe(
  db: Database,
  businessId: string,
  id: string,
): Promise<ProbeOutcome | undefined> {
  const [row] = await tenantStatement<{ outcome: ProbeOutcome | null }>(db, businessId, TAKE, [id]);
  return row?.outcome ?? undefined;
}
