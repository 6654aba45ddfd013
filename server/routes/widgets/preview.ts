import { z } from 'zod';
import { widgetPolicy } from '../../../domain/policies/widget';
import { sourceSchema } from '../../../domain/widgets/source-schemas';
import { isFetched } from '../../../domain/widgets/fetched-kinds';
import { WIDGET_TYPES } from '../../../domain/widgets/types';
import { connectionIdOf } from '../../../domain/widgets/write';
import { badRequest } from '../../../lib/errors';
import type { ServerContext } from '../../context';
import { defineRoute, type Route } from '../../http/route';
import { runProbe } from '../../probes';
import { checkSource } from './check-widget';

/** `POST /widgets/preview`: run a source once, store nothing. A worker does it. */
export const previewRoute = (context: ServerContext): Route =>
  defineRoute({
    method: 'post',
    path: '/widgets/preview',
    summary: 'Run a source once and see its data; nothing is stored',
    tag: 'widgets',
    access: { policy: widgetPolicy.create, scope: 'widgets:write' },
    body: z.strictObject({ type: z.enum(WIDGET_TYPES).default('custom'), source: sourceSchema }),
    response: z.strictObject({
      ok: z.boolean(),
      data: z.unknown(),
      latencyMs: z.number().nullable(),
      error: z.strictObject({ code: z.string(), message: z.string() }).nullable(),
    }),
    handler: async ({ actor, body, requestId }) => {
      if (!isFetched(body.source)) {
        throw badRequest('There is nothing to preview: this source’s data is pushed.', [
          { path: 'source.kind', message: 'has nothing to fetch' },
        ]);
      }
      const [problem, ...more] = await checkSource(context, actor.businessId, body.type, body.source);
      if (problem) throw badRequest(`${problem.path}: ${problem.message}`, [problem, ...more]);
      const outcome = await runProbe(context, actor.businessId, requestId, {
        kind: 'preview',
        request: { type: body.type, source: body.source },
        connectionId: connectionIdOf(body.source),
      });
      return {
        data: outcome.ok
          ? { ok: true, data: outcome.data, latencyMs: outcome.latencyMs, error: null }
          : { ok: false, data: null, latencyMs: null, error: outcome.error },
      };
    },
  });
