import { z } from 'zod';
import { usagePolicy } from '../../../domain/policies/usage';
import { presentCall } from '../../../domain/presenters/call';
import { callsCsv, usageCsv } from '../../../domain/usage/csv';
import { usageBy } from '../../../domain/usage/grouped';
import { ledgerPage } from '../../../domain/usage/ledger';
import { MAX_SPAN_DAYS, resolveSpan } from '../../../domain/usage/span';
import { badRequest } from '../../../lib/errors';
import type { ServerContext } from '../../context';
import { asksForCsv, csvPageQuery, limitOf, nextBeforeHeader } from '../../http/csv';
import { defineRoute, type Route } from '../../http/route';
import { callSchema, usageQuery, usageSchema } from './schemas';

/** `/usage`: what a business's calls used and cost, for its managers. */
export const usageRoutes = ({ db }: ServerContext): Route[] => [
  defineRoute({
    method: 'get',
    path: '/usage',
    summary: 'Tokens and cost by day, model, agent or person; also as CSV',
    tag: 'usage',
    access: { policy: usagePolicy.read, scope: 'usage:read' },
    query: usageQuery,
    response: usageSchema,
    files: ['text/csv'],
    handler: async ({ actor, query, koa }) => {
      const span = await resolveSpan(db, actor.businessId, query.from, query.to);
      if (span === 'backwards') throw badSpan('must not be before from');
      if (span === 'too_long') throw badSpan(`must be less than ${MAX_SPAN_DAYS} days after from`);
      const rows = await usageBy(db, actor.businessId, query.groupBy, span);
      const { from, to, timezone } = span;
      if (asksForCsv(koa, query.format)) {
        return { file: { name: `usage-${from}-${to}.csv`, type: 'text/csv', text: usageCsv(rows) } };
      }
      return { data: { from, to, timezone, groupBy: query.groupBy, rows } };
    },
  }),
  defineRoute({
    method: 'get',
    path: '/usage/calls',
    summary: 'The ledger: every call to a provider, newest first; also as CSV',
    tag: 'usage',
    access: { policy: usagePolicy.read, scope: 'usage:read' },
    query: csvPageQuery,
    response: z.array(callSchema),
    files: ['text/csv'],
    handler: async ({ actor, query, koa }) => {
      const isCsv = asksForCsv(koa, query.format);
      const limit = limitOf(query.limit, isCsv);
      const rows = await ledgerPage(db, actor.businessId, query.before, limit);
      const nextBefore = rows.length === limit ? (rows.at(-1)?.id ?? null) : null;
      const calls = rows.map(presentCall);
      if (!isCsv) return { data: calls, meta: { nextBefore } };
      return {
        file: { name: 'calls.csv', type: 'text/csv', text: callsCsv(calls) },
        headers: nextBeforeHeader(nextBefore),
      };
    },
  }),
];

const badSpan = (message: string) => badRequest(`to: ${message}.`, [{ path: 'to', message }]);
