import type { Knex } from 'knex';
import { z } from 'zod';
import { Provider } from '../../../db/models/Provider';
import { withTenantModels } from '../../../db/scope';
import { recordAudit } from '../../../domain/audit/record';
import { providerPolicy } from '../../../domain/policies/provider';
import { presentProvider, type ProviderRow } from '../../../domain/presenters/provider';
import type { OwnModel } from '../../../domain/providers/model';
import { storePrices } from '../../../domain/providers/store-prices';
import { agentsUsing } from '../../../domain/providers/users';
import { badRequest, conflict } from '../../../lib/errors';
import { newId } from '../../../lib/ids';
import { seal } from '../../../lib/secrets';
import type { ServerContext } from '../../context';
import { originOf } from '../../http/audit-origin';
import { authorize } from '../../http/authorize';
import { databaseErrorOf } from '../../http/database-error';
import { idempotent } from '../../http/idempotent';
import { idParams, likePattern, listQuery, paginationOf, sortOf } from '../../http/lists';
import { versionConflict } from '../../http/precondition';
import { defineRoute, type Route } from '../../http/route';
import { createProviderBody, providerSchema, updateProviderBody } from './schemas';

const SORT_COLUMNS: Record<string, string> = { createdAt: 'created_at', name: 'name', slug: 'slug' };

/** `/providers`: a business's own, with its own keys. Keys are written and never read. */
export function providerRoutes(context: ServerContext): Route[] {
  const { db, env } = context;
  const sealed = (id: string, secret: { apiKey: string } | null) =>
    secret && seal(JSON.stringify(secret), env.ENCRYPTION_KEYS, `provider:${id}`);
  const find = async (businessId: string, id: string): Promise<ProviderRow | undefined> =>
    (await withTenantModels(db, businessId, async (trx) => Provider.query(trx).findById(id))) as
      ProviderRow | undefined;

  return [
    defineRoute({
      method: 'get',
      path: '/providers',
      summary: 'List the business’s own providers, without their keys',
      tag: 'providers',
      access: { policy: providerPolicy.list },
      query: listQuery(['createdAt', 'name', 'slug']),
      response: z.array(providerSchema),
      handler: async ({ actor, query }) => {
        const { field, direction } = sortOf(query.sort);
        const page = await withTenantModels(db, actor.businessId, async (trx) => {
          const providers = Provider.query(trx)
            .where('business_id', actor.businessId)
            .orderBy(SORT_COLUMNS[field] ?? 'created_at', direction)
            .orderBy('id')
            .page(query.page - 1, query.pageSize);
          if (query.search) providers.where('name', 'ilike', likePattern(query.search));
          return providers;
        });
        return {
          data: page.results.map((row) => presentProvider(row as unknown as ProviderRow)),
          meta: { pagination: paginationOf(query.page, query.pageSize, page.total) },
        };
      },
    }),
    defineRoute({
      method: 'post',
      path: '/providers',
      summary: 'Set up a provider; one named openai or anthropic takes the place of the platform’s',
      tag: 'providers',
      access: { policy: providerPolicy.create },
      body: createProviderBody,
      response: providerSchema,
      status: 201,
      handler: (request) =>
        idempotent(context, request, async (trx) => {
          const { actor, body } = request;
          const id = newId();
          const { secret, ...rest } = body;
          const row = (await Provider.query(trx)
            .insert({
              ...rest,
              id,
              businessId: actor.businessId,
              secret: sealed(id, secret),
              createdBy: actor.userId,
            })
            .returning('*')
            .catch(slugTaken)) as unknown as ProviderRow;
          await assertPrices(trx, row, body.models);
          await recordAudit(trx, originOf(request), {
            action: 'provider.created',
            subject: { kind: 'provider', id },
            after: row,
          });
          return {
            status: 201,
            data: presentProvider(row),
            headers: { Location: `/api/v1/providers/${id}` },
          };
        }),
    }),
    defineRoute({
      method: 'get',
      path: '/providers/:id',
      summary: 'One provider, without its key',
      tag: 'providers',
      access: { policy: providerPolicy.list },
      params: idParams,
      response: providerSchema,
      handler: async ({ actor, params }) => {
        const row = await find(actor.businessId, params.id);
        authorize(actor, providerPolicy, 'read', row, 'Provider');
        return { data: presentProvider(row), etag: String(row.version) };
      },
    }),
    defineRoute({
      method: 'patch',
      path: '/providers/:id',
      summary: 'Change a provider; agents use it from their next call',
      tag: 'providers',
      access: { policy: providerPolicy.list },
      params: idParams,
      body: updateProviderBody,
      response: providerSchema,
      handler: async (request) => {
        const { actor, params, body, ifMatch } = request;
        const before = await find(actor.businessId, params.id);
        authorize(actor, providerPolicy, 'update', before, 'Provider');
        const { secret, ...rest } = body;
        const row = await withTenantModels(db, actor.businessId, async (trx) => {
          const stored = (await Provider.query(trx).findById(params.id).forUpdate()) as
            ProviderRow | undefined;
          if (!stored || (ifMatch !== undefined && ifMatch !== stored.version)) return undefined;
          if (secret === undefined) assertKeyStaysAtHome(stored, rest);
          const [changed] = (await Provider.query(trx)
            .patch({ ...rest, ...(secret !== undefined && { secret: sealed(params.id, secret) }) })
            .where('id', params.id)
            .returning('*')) as unknown as ProviderRow[];
          if (!changed) return undefined;
          if (body.models) await assertPrices(trx, changed, body.models);
          await recordAudit(trx, originOf(request), {
            action: 'provider.updated',
            subject: { kind: 'provider', id: changed.id },
            before: stored,
            after: {
              ...changed,
              baseUrlChanged: changed.baseUrl === stored.baseUrl ? undefined : true,
              secretChanged: secret === undefined ? undefined : true,
            },
          });
          return changed;
        });
        if (!row) throw versionConflict('provider');
        return { data: presentProvider(row), etag: String(row.version) };
      },
    }),
    defineRoute({
      method: 'delete',
      path: '/providers/:id',
      summary: 'Delete a provider that no agent uses',
      tag: 'providers',
      access: { policy: providerPolicy.list },
      params: idParams,
      status: 204,
      handler: async (request) => {
        const { actor, params } = request;
        const row = await find(actor.businessId, params.id);
        authorize(actor, providerPolicy, 'delete', row, 'Provider');
        await withTenantModels(db, actor.businessId, async (trx) => {
          // Waits for agents that are about to use it.
          await Provider.query(trx).findById(params.id).forUpdate();
          const agents = await agentsUsing(trx, row.slug);
          if (agents.length > 0) throw stillUsed(agents);
          await Provider.query(trx).deleteById(params.id);
          await recordAudit(trx, originOf(request), {
            action: 'provider.deleted',
            subject: { kind: 'provider', id: params.id },
            before: row,
          });
        });
        return { status: 204 };
      },
    }),
  ];
}

/** Writes the prices. @throws HttpError 400, and with it nothing of the transaction stays */
async function assertPrices(
  trx: Knex.Transaction,
  { businessId, slug }: ProviderRow,
  models: readonly OwnModel[],
): Promise<void> {
  const details = await storePrices(trx, businessId, slug, models);
  const [first] = details;
  if (first) throw badRequest(`${first.path}: ${first.message}`, details);
}

type Place = Partial<Pick<ProviderRow, 'baseUrl' | 'protocol'>>;

/**
 * Nobody reads a stored key: not by sending it to a server of their own either. Whoever changes where it goes has
 * to know it.
 * @throws HttpError 400
 */
function assertKeyStaysAtHome(stored: ProviderRow, { baseUrl, protocol }: Place): void {
  if (stored.secret === null) return;
  const isMoved =
    (baseUrl !== undefined && placeOf(baseUrl) !== placeOf(stored.baseUrl)) ||
    (protocol !== undefined && protocol !== stored.protocol);
  if (!isMoved) return;
  const message = 'must be sent again (or null) where the address or the protocol changes';
  throw badRequest(`secret: ${message}`, [{ path: 'secret', message }]);
}

const placeOf = (baseUrl: string | null): string | null => baseUrl && new URL(baseUrl).origin;

function slugTaken(error: unknown): never {
  if (databaseErrorOf(error).constraint === 'providers_business_id_slug_key') {
    throw conflict('A provider of this slug exists already.', 'slug_taken', [
      { path: 'slug', message: 'is taken' },
    ]);
  }
  throw error;
}

/** How many agents are named where many use it. */
const MAX_NAMED = 5;

function stillUsed(agents: readonly string[]): Error {
  const named = agents.slice(0, MAX_NAMED).map((name) => `"${name}"`);
  const more = agents.length - named.length;
  const who = [...named, ...(more > 0 ? [`${more} more`] : [])].join(', ');
  return conflict(`Agents still use this provider: ${who}. Give them other models first.`, 'provider_in_use');
}
