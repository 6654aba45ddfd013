import { z } from 'zod';
import type { ServerContext } from '../../context';
import { defineRoute, type Route } from '../../http/route';

const allowanceSchema = z.strictObject({
  name: z
    .enum(['user', 'apiKey', 'business', 'chat'])
    .describe(
      '`user` or `apiKey`: your requests. `business`: everybody’s in it. `chat`: messages to agents.',
    ),
  window: z.enum(['minute', 'hour', 'day']),
  limit: z.number().int(),
  remaining: z.number().int(),
  resetsAt: z.string().nullable().describe('null while nothing of the window is used.'),
});

/** How much of which limit is left. */
export const rateLimitRoutes = ({ chatLimit, rateLimits }: ServerContext): Route[] => [
  defineRoute({
    method: 'get',
    path: '/rate-limit',
    summary: 'How many requests and messages you may still send, by window',
    tag: 'system',
    access: { policy: () => true, scope: 'any' },
    response: z.array(allowanceSchema),
    handler: async ({ actor }) => {
      const [requests, chats] = await Promise.all([rateLimits.show(actor), chatLimit.show(actor)]);
      return {
        data: [
          ...requests.map(({ name, window, points, used, msLeft }) => ({
            name,
            window,
            limit: points,
            remaining: Math.max(0, points - used),
            resetsAt: new Date(Date.now() + msLeft).toISOString(),
          })),
          ...chats.map((allowance) => ({ name: 'chat' as const, ...allowance })),
        ],
      };
    },
  }),
];
