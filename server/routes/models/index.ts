import { z } from 'zod';
import { availableModels } from '../../../domain/models/available';
import { agentPolicy } from '../../../domain/policies/agent';
import type { ServerContext } from '../../context';
import { defineRoute, type Route } from '../../http/route';

const modelSchema = z.strictObject({
  id: z.string(),
  provider: z.string(),
  name: z.string(),
  contextWindow: z.number().int(),
  maxOutputTokens: z.number().int(),
  price: z
    .strictObject({
      input: z.string(),
      cachedInput: z.string(),
      cacheWrite: z.string(),
      output: z.string(),
    })
    .nullable(),
  sandbox: z.boolean(),
});

/** `/models`: what agents can answer with. */
export const modelRoutes = ({ db, env }: ServerContext): Route[] => [
  defineRoute({
    method: 'get',
    path: '/models',
    summary: 'The models that agents of this business can use, with prices per million tokens in US dollars',
    tag: 'agents',
    access: { policy: agentPolicy.list, scope: 'agents:read' },
    response: z.array(modelSchema),
    handler: async ({ actor }) => ({ data: await availableModels(db, env, actor.businessId) }),
  }),
];
