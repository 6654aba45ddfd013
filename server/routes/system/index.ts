import Router from '@koa/router';
import { answerOperations, mayObserve, OPERATIONS_PATHS, type Operations } from '../../../lib/health/answer';
import type { Env } from '../../../lib/env';
import { API_PREFIX } from '../../http/register-routes';

/**
 * `/health/live`, `/health/ready`, `/health` and `/metrics`, at the root, where probes and scrapers look, and below
 * /api/v1. Not in the envelope: their readers have formats of their own.
 */
export function systemRouter(operations: Operations, env: Pick<Env, 'METRICS_TOKEN'>): Router {
  const router = new Router();
  for (const path of OPERATIONS_PATHS) {
    router.get([path, `${API_PREFIX}${path}`], async (ctx) => {
      const answer = await answerOperations(operations, path, mayObserve(ctx.req, env.METRICS_TOKEN));
      ctx.status = answer.status;
      ctx.set('Cache-Control', 'no-store');
      ctx.type = answer.contentType;
      ctx.body = answer.body;
    });
  }
  return router;
}
