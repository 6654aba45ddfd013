import { z } from 'zod';
import { withTenantModels } from '../../../db/scope';
import { listApiKeys, type ApiKeyOrder } from '../../../domain/api-keys/list';
import { API_SCOPES } from '../../../domain/api-keys/scopes';
import { createApiKey, deleteApiKey } from '../../../domain/api-keys/write';
import { apiKeyPolicy } from '../../../domain/policies/people';
import { presentApiKey } from '../../../domain/presenters/api-key';
import { notFound } from '../../../lib/errors';
import type { ServerContext } from '../../context';
import { originOf } from '../../http/audit-origin';
import { idempotent } from '../../http/idempotent';
import { idParams, likePattern, listQuery, paginationOf } from '../../http/lists';
import { defineRoute, type Route } from '../../http/route';

const apiKeySchema = z.strictObject({
  id: z.uuid(),
  name: z.string(),
  prefix: z.string().describe('The part of the key that is shown again: `lb_<prefix>_…`.'),
  scopes: z.array(z.enum(API_SCOPES)),
  userId: z.uuid().describe('Who made it: it acts as they do, with the role they have now.'),
  expiresAt: z.string().nullable(),
  lastUsedAt: z.string().nullable().describe('To the minute.'),
  createdAt: z.string(),
});

const createApiKeyBody = z.strictObject({
  name: z.string().trim().min(1, 'must not be empty').max(100),
  scopes: z
    .array(z.enum(API_SCOPES))
    .min(1, 'must name at least one')
    .max(API_SCOPES.length)
    .refine((scopes) => new Set(scopes).size === scopes.length, 'must name each once'),
  expiresAt: z.iso
    .datetime({ offset: true, error: 'must be a moment like 2030-01-31T12:00:00Z', abort: true })
    .refine((text) => Date.parse(text) > Date.now(), 'must lie in the future')
    .nullable()
    .default(null)
    .describe('null: it does not run out.'),
});

/** `/api-keys`: what programs use the API with. */
export function apiKeyRoutes(context: ServerContext): Route[] {
  const { apiKeys, db } = context;
  return [
    defineRoute({
      method: 'get',
      path: '/api-keys',
      summary: 'List the business’s API keys, without their secrets',
      tag: 'api keys',
      access: { policy: apiKeyPolicy.list },
      query: listQuery(['createdAt', 'name']),
      response: z.array(apiKeySchema),
      handler: async ({ actor, query: { page, pageSize, search, sort } }) => {
        const { rows, total } = await listApiKeys(db, actor.businessId, {
          order: sort as ApiKeyOrder,
          page,
          pageSize,
          ...(search && { pattern: likePattern(search) }),
        });
        return {
          data: rows.map(presentApiKey),
          meta: { pagination: paginationOf(page, pageSize, total) },
        };
      },
    }),
    defineRoute({
      method: 'post',
      path: '/api-keys',
      summary: 'Make an API key; it is shown this once',
      tag: 'api keys',
      access: { policy: apiKeyPolicy.create, verified: true },
      body: createApiKeyBody,
      response: apiKeySchema.extend({
        key: z
          .string()
          .nullable()
          .describe(
            'Send it as `Authorization: Bearer …`. null where the answer is repeated (Idempotency-Key).',
          ),
      }),
      status: 201,
      handler: async (request) => {
        const { actor, body } = request;
        let key: string | undefined;
        const reply = await idempotent(context, request, async (trx) => {
          const { row, text } = await createApiKey(trx, actor, originOf(request), {
            ...body,
            expiresAt: body.expiresAt === null ? null : new Date(body.expiresAt),
          });
          key = text;
          return { status: 201, data: presentApiKey(row) };
        });
        // Put in behind what is stored for a repetition: the key is kept nowhere.
        return { ...reply, data: { ...reply.data, key: key ?? null } };
      },
    }),
    defineRoute({
      method: 'delete',
      path: '/api-keys/:id',
      summary: 'Delete an API key; it is refused within 5 s',
      tag: 'api keys',
      access: { policy: apiKeyPolicy.delete },
      params: idParams,
      status: 204,
      handler: async (request) => {
        const { actor, params } = request;
        const row = await withTenantModels(db, actor.businessId, (trx) =>
          deleteApiKey(trx, actor, originOf(request), params.id),
        );
        if (!row) throw notFound('API key');
        apiKeys.forget(row.prefix);
        return { status: 204 };
      },
    }),
  ];
}
