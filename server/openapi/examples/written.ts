/** What a client sends as a body, and gets as `data`. */
export interface Examples {
  body?: unknown;
  data?: unknown;
}

const resetsAt = '2026-11-20T16:41:00.000Z';

/** Examples of operations whose schemas and fields' names alone don't make a good one, by method and path. */
export const WRITTEN: Record<string, Examples> = {
  'get /rate-limit': {
    data: [
      { name: 'user', window: 'minute', limit: 300, remaining: 297, resetsAt },
      { name: 'business', window: 'minute', limit: 1_500, remaining: 1_402, resetsAt },
      { name: 'chat', window: 'minute', limit: 10, remaining: 9, resetsAt },
      { name: 'chat', window: 'hour', limit: 100, remaining: 99, resetsAt: '2026-11-20T17:40:00.000Z' },
      { name: 'chat', window: 'day', limit: 500, remaining: 499, resetsAt: '2026-11-21T16:40:00.000Z' },
    ],
  },
  'get /models': {
    data: [
      {
        id: 'openai/gpt-5.1-mini',
        provider: 'openai',
        name: 'gpt-5.1-mini',
        contextWindow: 400_000,
        maxOutputTokens: 128_000,
        price: { input: '0.25', cachedInput: '0.025', cacheWrite: '0.25', output: '2' },
        sandbox: false,
      },
    ],
  },
  'patch /connections/:id': { body: { name: 'Shop database', secret: { password: 'a new one' } } },
  'get /widget-types': {
    data: [
      {
        type: 'stats',
        description: 'One figure, with a label.',
        configSchema: { type: 'object', properties: {} },
        dataSchema: { type: 'object', required: ['value'], properties: { value: { type: 'number' } } },
      },
    ],
  },
};
