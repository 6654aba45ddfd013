import type { Knex } from 'knex';
import { withTenant, withTenantModels, type Transaction } from '../../db/scope';
import { asTransaction } from '../../db/trx-statement';
import { HttpError } from '../../lib/errors';
import { sha256 } from '../../lib/ids';
import type { ServerContext } from '../context';
import type { Reply, Request } from './route';

interface StoredReply {
  bodyHash: string;
  status: number;
  response: { data?: unknown; headers?: Record<string, string> };
}

/**
 * Runs a creating POST in one transaction of the business, once per `Idempotency-Key` (24 h, scoped to caller, of
 * which an API key is one of its own, and route): the key and the answer are written in the same transaction as the work, so a crash leaves both or
 * neither, and twins wait for each other on the key's row.
 *
 * @param afterCommit what may only happen once, after the commit: announcing, enqueueing. Not run on a replay.
 * @throws HttpError 422 when the key was used with another body
 */
export async function idempotent<Data>(
  { db }: ServerContext,
  request: Request<unknown, unknown, unknown>,
  work: (trx: Knex.Transaction) => Promise<Reply<Data> & { data: Data }>,
  afterCommit: (reply: Reply<Data> & { data: Data }) => void = () => undefined,
): Promise<Reply<Data> & { data: Data }> {
  const { actor, idempotencyKey, koa } = request;
  let replayed = false;
  const reply = await withTenantModels(db, actor.businessId, async (trx) => {
    if (idempotencyKey === undefined) return work(trx);
    const id = {
      business_id: actor.businessId,
      caller: actor.apiKey ? `key:${actor.apiKey.id}` : actor.userId,
      route: `${koa.method} ${koa.path}`,
      key: idempotencyKey,
    };
    const bodyHash = sha256(JSON.stringify(request.body) ?? '');
    // A twin that runs at the same moment waits here for the other's commit, then finds its answer.
    const claimed = await trx('idempotency_keys')
      .insert({ ...id, body_hash: bodyHash, status: 0 })
      .onConflict(['business_id', 'caller', 'route', 'key'])
      .ignore()
      .returning('key');
    if (claimed.length === 0) {
      replayed = true;
      return replay<Data>(await stored(trx, id), bodyHash);
    }
    const made = await work(trx);
    await trx('idempotency_keys')
      .where(id)
      .update({
        status: made.status ?? 200,
        response: JSON.stringify({ data: made.data, headers: made.headers }),
      });
    return made;
  });
  if (!replayed) afterCommit(reply);
  return reply;
}

/**
 * {@link idempotent} for work in prepared statements alone. Without a key its BEGIN and COMMIT travel with them, which
 * saves two round trips, and what may begin as soon as others see it doesn't wait for the disk.
 *
 * @param whenVisible what comes to nothing where a crash of Postgres takes the work back. Not run on a replay.
 * @param whenDurable what may only happen once, after that danger has passed. Not run on a replay.
 */
export async function idempotentStatements<Data>(
  context: ServerContext,
  request: Request<unknown, unknown, unknown>,
  work: (tx: Transaction) => Promise<Reply<Data> & { data: Data }>,
  whenVisible: () => void,
  whenDurable: () => void,
): Promise<Reply<Data> & { data: Data }> {
  const { db } = context;
  const {
    actor: { businessId },
    idempotencyKey,
  } = request;
  if (idempotencyKey !== undefined)
    return idempotent(
      context,
      request,
      (trx) => work(asTransaction(trx)),
      () => {
        whenDurable();
        whenVisible();
      },
    );
  const reply = await withTenant(db, businessId, work, { whenVisible });
  whenDurable();
  return reply;
}

async function stored(trx: Knex.Transaction, id: Record<string, string>): Promise<StoredReply> {
  const row = await trx('idempotency_keys').where(id).first('body_hash as bodyHash', 'status', 'response');
  if (!row)
    throw new HttpError(409, 'conflict', 'The first request under this Idempotency-Key is not done yet.');
  return row as StoredReply;
}

function replay<Data>(first: StoredReply, bodyHash: string): Reply<Data> & { data: Data } {
  if (first.bodyHash !== bodyHash) {
    throw new HttpError(422, 'idempotency_key_reused', 'This Idempotency-Key was used with another body.', [
      { path: 'Idempotency-Key', message: 'was used with another body' },
    ]);
  }
  return {
    status: first.status,
    data: first.response.data as Data,
    headers: { ...first.response.headers, 'Idempotency-Replayed': 'true' },
  };
}
