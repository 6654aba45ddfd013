import type { Knex } from 'knex';
import { z } from 'zod';
import { Agent } from '../../../db/models/Agent';
import { withTenantModels } from '../../../db/scope';
import { checkModels, usualMaxTokens, type AgentModels } from '../../../domain/agents/check-models';
import { totalsOf } from '../../../domain/agents/totals';
import { recordAudit } from '../../../domain/audit/record';
import type { OwnProvider } from '../../../domain/models/available';
import { agentPolicy } from '../../../domain/policies/agent';
import {
  presentAgent,
  presentAgentTotals,
  type AgentRow,
  type AgentTotalsRow,
} from '../../../domain/presenters/agent';
import type { ToolName } from '../../../domain/runs/types';
import { describeTools } from '../../../domain/tools/catalog';
import { badRequest } from '../../../lib/errors';
import { newId } from '../../../lib/ids';
import type { ServerContext } from '../../context';
import { originOf } from '../../http/audit-origin';
import { authorize } from '../../http/authorize';
import { idempotent } from '../../http/idempotent';
import { idParams, likePattern, listQuery, paginationOf, sortOf } from '../../http/lists';
import { versionConflict } from '../../http/precondition';
import { defineRoute, type Route } from '../../http/route';
import { announceAgent, announceAgentDeleted } from './announce';
import { agentSchema, agentWithTotalsSchema, createAgentBody, toolSchema, updateAgentBody } from './schemas';

const SORT_COLUMNS: Record<string, string> = {
  createdAt: 'created_at',
  updatedAt: 'updated_at',
  name: 'name',
};

/** `/agents`: who there is to ask. */
export function agentRoutes(context: ServerContext): Route[] {
  const { db, env } = context;
  const find = async (businessId: string, id: string): Promise<AgentRow | undefined> =>
    withTenantModels(db, businessId, async (trx) => Agent.query(trx).findById(id));

  /** @throws HttpError 400 with a detail for each problem */
  function assertUsable(own: readonly OwnProvider[], models: AgentModels): void {
    const details = checkModels(env, own, models);
    const [first] = details;
    if (first) throw badRequest(`${first.path}: ${first.message}`, details);
  }

  return [
    defineRoute({
      method: 'get',
      path: '/agents',
      summary: 'List agents',
      tag: 'agents',
      access: { policy: agentPolicy.list, scope: 'agents:read' },
      query: listQuery(['createdAt', 'updatedAt', 'name']),
      response: z.array(agentSchema),
      handler: async ({ actor, query }) => {
        const { field, direction } = sortOf(query.sort);
        const page = await withTenantModels(db, actor.businessId, async (trx) => {
          const agents = Agent.query(trx)
            .where('business_id', actor.businessId)
            .orderBy(SORT_COLUMNS[field] ?? 'created_at', direction)
            .orderBy('id')
            .page(query.page - 1, query.pageSize);
          if (query.search) agents.where('name', 'ilike', likePattern(query.search));
          return agents;
        });
        return {
          data: page.results.map((row) => presentAgent(row)),
          meta: { pagination: paginationOf(query.page, query.pageSize, page.total) },
        };
      },
    }),
    defineRoute({
      method: 'post',
      path: '/agents',
      summary: 'Make an agent',
      tag: 'agents',
      access: { policy: agentPolicy.create },
      body: createAgentBody,
      response: agentWithTotalsSchema,
      status: 201,
      handler: async (request) => {
        const { actor, body, requestId } = request;
        return idempotent(
          context,
          request,
          async (trx) => {
            const own = await ownProviders(trx);
            assertUsable(own, { ...body, maxTokens: body.maxTokens });
            const row = await Agent.query(trx)
              .insert({
                ...body,
                id: newId(),
                businessId: actor.businessId,
                maxTokens: body.maxTokens ?? usualMaxTokens(own, body.model),
                createdBy: actor.userId,
              })
              .returning('*');
            await recordAudit(trx, originOf(request), {
              action: 'agent.created',
              subject: { kind: 'agent', id: row.id },
              after: row,
            });
            const { data } = single(row, await totalsOf(trx, row.id));
            return { status: 201, data, headers: { Location: `/api/v1/agents/${row.id}` } };
          },
          ({ data }) => {
            const { totals: _, ...agent } = data;
            announceAgent(context, actor.businessId, agent, requestId);
          },
        );
      },
    }),
    defineRoute({
      method: 'get',
      path: '/agents/:id',
      summary: 'One agent, with what it has done in all',
      tag: 'agents',
      access: { policy: agentPolicy.list, scope: 'agents:read' },
      params: idParams,
      response: agentWithTotalsSchema,
      handler: async ({ actor, params }) => {
        const [row, totals] = await withTenantModels(
          db,
          actor.businessId,
          async (trx): Promise<[AgentRow | undefined, AgentTotalsRow]> => [
            await Agent.query(trx).findById(params.id),
            await totalsOf(trx, params.id),
          ],
        );
        authorize(actor, agentPolicy, 'read', row, 'Agent');
        return single(row, totals);
      },
    }),
    defineRoute({
      method: 'patch',
      path: '/agents/:id',
      summary: 'Change an agent (If-Match guards against overwriting); runs under way go on as they began',
      tag: 'agents',
      access: { policy: agentPolicy.list },
      params: idParams,
      body: updateAgentBody,
      response: agentWithTotalsSchema,
      handler: async (request) => {
        const { actor, params, body, ifMatch, requestId } = request;
        const before = await find(actor.businessId, params.id);
        authorize(actor, agentPolicy, 'update', before, 'Agent');
        const changed = await withTenantModels(db, actor.businessId, async (trx) => {
          // Locked, so that of two changes at once the second is checked against what the first made of it.
          const stored = (await Agent.query(trx).findById(params.id).forUpdate()) as AgentRow | undefined;
          if (!stored || (ifMatch !== undefined && ifMatch !== stored.version)) return undefined;
          const { model, fallbackModels, maxTokens } = body;
          // A name can be changed, too, where the model is none that could be chosen today.
          if (model !== undefined || fallbackModels !== undefined || maxTokens !== undefined)
            assertUsable(await ownProviders(trx), { ...stored, ...body });
          const [row] = (await Agent.query(trx)
            .patch(body)
            .where('id', params.id)
            .returning('*')) as unknown as AgentRow[];
          if (!row) return undefined;
          await recordAudit(trx, originOf(request), {
            action: 'agent.updated',
            subject: { kind: 'agent', id: row.id },
            before: stored,
            after: row,
          });
          return { row, totals: await totalsOf(trx, row.id) };
        });
        if (!changed) throw versionConflict('agent');
        announceAgent(context, actor.businessId, presentAgent(changed.row), requestId);
        return single(changed.row, changed.totals);
      },
    }),
    defineRoute({
      method: 'delete',
      path: '/agents/:id',
      summary: 'Delete an agent; its conversations stay, and what it cost',
      tag: 'agents',
      access: { policy: agentPolicy.list },
      params: idParams,
      status: 204,
      handler: async (request) => {
        const { actor, params, requestId } = request;
        const before = await find(actor.businessId, params.id);
        authorize(actor, agentPolicy, 'delete', before, 'Agent');
        const deleted = await withTenantModels(db, actor.businessId, async (trx) => {
          const [row] = (await Agent.query(trx)
            .where('id', params.id)
            .delete()
            .returning('*')) as unknown as AgentRow[];
          if (!row) return undefined;
          await recordAudit(trx, originOf(request), {
            action: 'agent.deleted',
            subject: { kind: 'agent', id: row.id },
            before: row,
          });
          return row;
        });
        if (deleted) announceAgentDeleted(context, deleted, requestId);
        return { status: 204 };
      },
    }),
    defineRoute({
      method: 'get',
      path: '/agents/:id/tools',
      summary: 'What an agent can do beside answering',
      tag: 'agents',
      access: { policy: agentPolicy.list, scope: 'agents:read' },
      params: idParams,
      response: z.array(toolSchema),
      handler: async ({ actor, params }) => {
        const row = await find(actor.businessId, params.id);
        authorize(actor, agentPolicy, 'read', row, 'Agent');
        return { data: describeTools(row.tools as ToolName[]), etag: String(row.version) };
      },
    }),
  ];
}

/** The totals are no part of the version, so the ETag names both. */
const single = (row: AgentRow, totals: AgentTotalsRow) => ({
  data: { ...presentAgent(row), totals: presentAgentTotals(totals) },
  etag: totals.runs > 0 ? `${row.version}-${totals.runs}` : String(row.version),
});

/** Held until the commit, so that none is deleted under an agent that is about to use it. */
const ownProviders = async (trx: Knex.Transaction): Promise<OwnProvider[]> =>
  (await trx('providers').select('slug', 'models').orderBy('id').forShare()) as OwnProvider[];
