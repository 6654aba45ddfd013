import { z } from 'zod';
import { findReport } from '../../../domain/reports/reports';
import { notFound } from '../../../lib/errors';
import type { ServerContext } from '../../context';
import { idParams } from '../../http/lists';
import { defineRoute, type Route } from '../../http/route';

/** `/reports/:id`: what an agent made for you. */
export const reportRoutes = ({ db }: ServerContext): Route[] => [
  defineRoute({
    method: 'get',
    path: '/reports/:id',
    summary: 'A report of your own as CSV; with its title where JSON is what you accept',
    tag: 'conversations',
    access: { policy: () => true, scope: 'chat' },
    params: idParams,
    response: z.strictObject({ title: z.string(), csv: z.string() }),
    files: ['text/csv'],
    handler: async ({ actor, params, koa }) => {
      const report = await findReport(db, actor, params.id);
      if (!report) throw notFound('Report');
      if (koa.accepts('text/csv', 'application/json') === 'application/json') return { data: report };
      return { file: { name: `report-${params.id}.csv`, type: 'text/csv', text: report.csv } };
    },
  }),
];
