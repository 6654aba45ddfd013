import { z } from 'zod';
import { listBudgets } from '../../../domain/budgets/list';
import { putBudget } from '../../../domain/budgets/put';
import { budgetPolicy } from '../../../domain/policies/usage';
import { presentBudget } from '../../../domain/presenters/budget';
import { badRequest } from '../../../lib/errors';
import type { ServerContext } from '../../context';
import { originOf } from '../../http/audit-origin';
import { versionConflict } from '../../http/precondition';
import { defineRoute, type Route } from '../../http/route';
import { budgetSchema, putBudgetBody } from './schemas';

/** `/budgets`: managers see them, admins set them. */
export const budgetRoutes = ({ db }: ServerContext): Route[] => [
  defineRoute({
    method: 'get',
    path: '/budgets',
    summary: 'Every budget, with what its current day or month has taken',
    tag: 'usage',
    access: { policy: budgetPolicy.read, scope: 'usage:read' },
    response: z.array(budgetSchema),
    handler: async ({ actor }) => ({
      data: (await listBudgets(db, actor.businessId)).map(presentBudget),
    }),
  }),
  defineRoute({
    method: 'put',
    path: '/budgets',
    summary: 'Make or change the budget of a scope and period; without a limit it is deleted',
    tag: 'usage',
    access: { policy: budgetPolicy.set },
    body: putBudgetBody,
    response: budgetSchema.nullable(),
    handler: async (request) => {
      const { actor, body, ifMatch } = request;
      const { scope, ...limits } = body;
      const written = await putBudget(db, actor.businessId, {
        ...limits,
        scope: scope.kind,
        scopeId: scope.id ?? null,
        ifMatch,
        origin: originOf(request),
      });
      if (written === 'version_conflict') throw versionConflict('budget');
      if (written === 'no_such_scope') throw noSuchScope(scope.kind);
      if (written === 'deleted') return { data: null };
      return { data: presentBudget(written.budget), etag: String(written.budget.version) };
    },
  }),
];

function noSuchScope(kind: string) {
  const message = `is not ${kind === 'agent' ? 'an agent' : 'a member'} of this business`;
  return badRequest(`scope.id ${message}.`, [{ path: 'scope.id', message }]);
}
