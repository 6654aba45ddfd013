import type { Knex } from 'knex';
import { z } from 'zod';
import { Connection } from '../../../db/models/Connection';
import { withTenantModels } from '../../../db/scope';
import { recordAudit } from '../../../domain/audit/record';
import { connectionPolicy } from '../../../domain/policies/connection';
import { presentConnection, type ConnectionRow } from '../../../domain/presenters/connection';
import { conflict } from '../../../lib/errors';
import { newId } from '../../../lib/ids';
import { seal } from '../../../lib/secrets';
import type { ServerContext } from '../../context';
import { originOf } from '../../http/audit-origin';
import { authorize } from '../../http/authorize';
import { databaseErrorOf, FOREIGN_KEY_VIOLATION } from '../../http/database-error';
import { idempotent } from '../../http/idempotent';
import { idParams, likePattern, listQuery, paginationOf, sortOf } from '../../http/lists';
import { versionConflict } from '../../http/precondition';
import { defineRoute, type Route } from '../../http/route';
import { validate } from '../../http/validate';
import { runProbe } from '../../probes';
import {
  connectionSchema,
  createConnectionBody,
  schemasOf,
  testResultSchema,
  updateConnectionBody,
} from './schemas';

const SORT_COLUMNS: Record<string, string> = { createdAt: 'created_at', name: 'name' };

/** `/connections`: credentials for sources. Secrets are written and never read. */
export function connectionRoutes(context: ServerContext): Route[] {
  const { db, env } = context;
  const sealed = (id: string, secret: unknown) =>
    seal(JSON.stringify(secret), env.ENCRYPTION_KEYS, `connection:${id}`);

  async function find(businessId: string, id: string): Promise<ConnectionRow | undefined> {
    const row = await withTenantModels(db, businessId, async (trx) => Connection.query(trx).findById(id));
    return row;
  }

  return [
    defineRoute({
      method: 'get',
      path: '/connections',
      summary: 'List connections, without their secrets',
      tag: 'connections',
      access: { policy: connectionPolicy.list },
      query: listQuery(['createdAt', 'name']),
      response: z.array(connectionSchema),
      handler: async ({ actor, query }) => {
        const { field, direction } = sortOf(query.sort);
        const page = await withTenantModels(db, actor.businessId, async (trx) => {
          const connections = Connection.query(trx)
            .where('business_id', actor.businessId)
            .orderBy(SORT_COLUMNS[field] ?? 'created_at', direction)
            .orderBy('id')
            .page(query.page - 1, query.pageSize);
          if (query.search) connections.where('name', 'ilike', likePattern(query.search));
          return connections;
        });
        return {
          data: page.results.map((row) => presentConnection(row as unknown as ConnectionRow)),
          meta: { pagination: paginationOf(query.page, query.pageSize, page.total) },
        };
      },
    }),
    defineRoute({
      method: 'post',
      path: '/connections',
      summary: 'Store a connection',
      tag: 'connections',
      access: { policy: connectionPolicy.create },
      body: createConnectionBody,
      response: connectionSchema,
      status: 201,
      handler: (request) =>
        idempotent(context, request, async (trx) => {
          const { actor, body } = request;
          const id = newId();
          const row = await Connection.query(trx)
            .insert({
              id,
              businessId: actor.businessId,
              name: body.name,
              kind: body.kind,
              config: body.config,
              secret: sealed(id, body.secret),
              createdBy: actor.userId,
            })
            .returning('*')
            .catch(nameTaken);
          await recordAudit(trx, originOf(request), {
            action: 'connection.created',
            subject: { kind: 'connection', id },
            after: row,
          });
          return {
            status: 201,
            data: presentConnection(row),
            headers: { Location: `/api/v1/connections/${id}` },
          };
        }),
    }),
    defineRoute({
      method: 'get',
      path: '/connections/:id',
      summary: 'One connection, without its secret',
      tag: 'connections',
      access: { policy: connectionPolicy.list },
      params: idParams,
      response: connectionSchema,
      handler: async ({ actor, params }) => {
        const row = await find(actor.businessId, params.id);
        authorize(actor, connectionPolicy, 'read', row, 'Connection');
        return { data: presentConnection(row), etag: String(row.version) };
      },
    }),
    defineRoute({
      method: 'patch',
      path: '/connections/:id',
      summary: 'Change a connection; its widgets use it from their next refresh',
      tag: 'connections',
      access: { policy: connectionPolicy.list },
      params: idParams,
      body: updateConnectionBody,
      response: connectionSchema,
      handler: async (request) => {
        const { actor, params, body, ifMatch } = request;
        const before = await find(actor.businessId, params.id);
        authorize(actor, connectionPolicy, 'update', before, 'Connection');
        const schemas = schemasOf(before.kind);
        const config = body.config && validate(schemas.config, body.config, 'config');
        const secret = body.secret && validate(schemas.secret, body.secret, 'secret');
        const [row] = await withTenantModels(db, actor.businessId, async (trx) => {
          const patched = Connection.query(trx)
            .patch({
              ...(body.name !== undefined && { name: body.name }),
              ...(config && { config }),
              ...(secret && { secret: sealed(params.id, secret) }),
            })
            .where('id', params.id)
            .returning('*');
          if (ifMatch !== undefined) patched.where('version', ifMatch);
          const rows = (await patched.catch(nameTaken)) as unknown as ConnectionRow[];
          if (rows.length > 0 && (config || secret)) await resumePaused(trx, params.id);
          if (rows[0]) {
            await recordAudit(trx, originOf(request), {
              action: 'connection.updated',
              subject: { kind: 'connection', id: params.id },
              before,
              after: { ...rows[0], configChanged: config && true, secretChanged: secret && true },
            });
          }
          return rows;
        });
        if (!row) throw versionConflict('connection');
        return { data: presentConnection(row), etag: String(row.version) };
      },
    }),
    defineRoute({
      method: 'delete',
      path: '/connections/:id',
      summary: 'Delete a connection that no widget uses',
      tag: 'connections',
      access: { policy: connectionPolicy.list },
      params: idParams,
      status: 204,
      handler: async (request) => {
        const { actor, params } = request;
        const row = await find(actor.businessId, params.id);
        authorize(actor, connectionPolicy, 'delete', row, 'Connection');
        await withTenantModels(db, actor.businessId, async (trx) => {
          await Connection.query(trx).deleteById(params.id).catch(stillUsed);
          await recordAudit(trx, originOf(request), {
            action: 'connection.deleted',
            subject: { kind: 'connection', id: params.id },
            before: row,
          });
        });
        return { status: 204 };
      },
    }),
    defineRoute({
      method: 'post',
      path: '/connections/:id/test',
      summary: 'Let a worker try the connection',
      tag: 'connections',
      access: { policy: connectionPolicy.list },
      params: idParams,
      response: testResultSchema,
      handler: async ({ actor, params, requestId }) => {
        const row = await find(actor.businessId, params.id);
        authorize(actor, connectionPolicy, 'test', row, 'Connection');
        const outcome = await runProbe(context, actor.businessId, requestId, {
          kind: 'connection',
          request: {},
          connectionId: params.id,
        });
        return {
          data: outcome.ok
            ? { ok: true, latencyMs: outcome.latencyMs, detail: detailOf(outcome.data), error: null }
            : { ok: false, latencyMs: null, detail: null, error: outcome.error },
        };
      },
    }),
  ];
}

const detailOf = (data: unknown): string | null =>
  typeof data === 'object' && data !== null && 'detail' in data && typeof data.detail === 'string'
    ? data.detail
    : null;

/** Widgets paused over this connection (a refused password, say) get another try with the new one. */
const resumePaused = (trx: Knex.Transaction, connectionId: string) =>
  trx('widget_schedules')
    .whereNotNull('paused_at')
    .whereIn('widget_id', trx('widgets').select('id').where('connection_id', connectionId))
    .update({ paused_at: null, failures: 0, due_at: trx.fn.now() });

function nameTaken(error: unknown): never {
  if (databaseErrorOf(error).constraint === 'connections_name') {
    throw conflict('A connection of this name exists already.', 'name_taken', [
      { path: 'name', message: 'is taken' },
    ]);
  }
  throw error;
}

function stillUsed(error: unknown): never {
  if (databaseErrorOf(error).code === FOREIGN_KEY_VIOLATION) {
    throw conflict('Widgets still use this connection. Change or delete them first.', 'connection_in_use');
  }
  throw error;
}
