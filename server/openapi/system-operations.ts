import type { RouteConfig } from '@asteasolutions/zod-to-openapi';
import { API_PREFIX } from '../http/register-routes';
import { failure, operationId } from './operation';

const dependency = {
  type: 'object' as const,
  properties: { status: { type: 'string', enum: ['up', 'down'] }, latencyMs: { type: 'number' } },
};
const number = { type: 'number' as const };
const numbers = (...names: string[]) => ({
  type: 'object' as const,
  properties: Object.fromEntries(names.map((name) => [name, number])),
});

const summary = {
  status: { type: 'string' as const, enum: ['ok', 'down', 'stopping'] },
  uptimeSeconds: number,
  dependencies: { type: 'object' as const, additionalProperties: dependency },
};
const figures = {
  version: { type: 'string' as const },
  nodeId: { type: 'string' as const },
  sockets: number,
  load: numbers('one', 'five', 'fifteen'),
  cpus: number,
  memory: numbers('rssBytes', 'heapUsedBytes', 'heapTotalBytes', 'systemTotalBytes', 'systemUsedPercent'),
  eventLoop: numbers('p50Ms', 'p99Ms'),
  process: {
    type: 'object' as const,
    properties: { pid: number, node: { type: 'string' as const }, cpuSeconds: number },
  },
};

const answers = (description: string, properties: Record<string, object>, example: object) => ({
  description,
  content: { 'application/json': { schema: { type: 'object' as const, properties } as never, example } },
});

const SUMMARY_EXAMPLE = {
  status: 'ok',
  uptimeSeconds: 86_400,
  dependencies: { postgres: { status: 'up', latencyMs: 1.2 }, broker: { status: 'up', latencyMs: 0.4 } },
};
const DOWN_EXAMPLE = {
  status: 'down',
  uptimeSeconds: 86_400,
  dependencies: { postgres: { status: 'down', latencyMs: 1_000 }, broker: { status: 'up', latencyMs: 0.4 } },
};
const FIGURES_EXAMPLE = {
  version: '0.1.0',
  nodeId: '01932f8e-7b1a-7c3e-9d2f-5a6b7c8d9e11',
  sockets: 214,
  load: { one: 0.4, five: 0.5, fifteen: 0.5 },
  cpus: 2,
  memory: {
    rssBytes: 214_000_000,
    heapUsedBytes: 88_000_000,
    heapTotalBytes: 120_000_000,
    systemTotalBytes: 8_000_000_000,
    systemUsedPercent: 41,
  },
  eventLoop: { p50Ms: 0.1, p99Ms: 2.4 },
  process: { pid: 4711, node: 'v24.11.0', cpuSeconds: 912 },
};
const METRICS_EXAMPLE = `# TYPE liveboard_sockets_connected gauge
liveboard_sockets_connected 214
`;

/** The endpoints that are no routes of the API: who reads them expects a form of its own, not the envelope. */
const OPERATIONS: { path: string; summary: string; observers?: true; responses: RouteConfig['responses'] }[] =
  [
    {
      path: '/health/live',
      summary: 'Is the process alive',
      responses: { 200: answers('It is.', { status: { type: 'string' } }, { status: 'ok' }) },
    },
    {
      path: '/health/ready',
      summary: 'Should it be sent traffic',
      responses: {
        200: answers('Yes.', summary, SUMMARY_EXAMPLE),
        503: answers('No: a dependency does not answer, or it is shutting down.', summary, DOWN_EXAMPLE),
      },
    },
    {
      path: '/health',
      summary: 'The same, with figures of process and machine for those who may see the metrics',
      observers: true,
      responses: {
        200: answers('Well.', { ...summary, ...figures }, { ...SUMMARY_EXAMPLE, ...FIGURES_EXAMPLE }),
        503: answers('Not well.', summary, DOWN_EXAMPLE),
      },
    },
    {
      path: '/metrics',
      summary:
        'Metrics for Prometheus; with METRICS_TOKEN as Bearer token, without one from this machine only',
      observers: true,
      responses: {
        200: {
          description: 'Prometheus’s text format.',
          content: { 'text/plain': { schema: { type: 'string' }, example: METRICS_EXAMPLE } },
        },
        403: failure(403),
      },
    },
  ];

/** With or without the token: whether it is demanded is the operator's choice. */
const OBSERVERS: Record<string, string[]>[] = [{}, { metricsToken: [] }];

/** Each at the root, where probes look, and below /api/v1; and the document itself. */
export const SYSTEM_OPERATIONS: RouteConfig[] = [
  ...OPERATIONS.flatMap(({ path, summary: text, observers, responses }) =>
    [path, `${API_PREFIX}${path}`].map((at) => ({
      method: 'get' as const,
      path: at,
      operationId: operationId('get', at),
      summary: text,
      tags: ['system'],
      security: observers ? OBSERVERS : [],
      responses,
    })),
  ),
  {
    method: 'get',
    path: `${API_PREFIX}/openapi.json`,
    operationId: 'getOpenapiJson',
    summary: 'This document',
    tags: ['system'],
    security: [],
    responses: {
      200: answers('OpenAPI 3.1.', { openapi: { type: 'string' } }, { openapi: '3.1.0' }),
      304: { description: 'What you hold is current.' },
    },
  },
  {
    method: 'get',
    path: `${API_PREFIX}/asyncapi.json`,
    operationId: 'getAsyncapiJson',
    summary: 'The realtime protocol: every event of Socket.IO, its payload and its acknowledgement',
    tags: ['system'],
    security: [],
    responses: {
      200: answers('AsyncAPI 3.', { asyncapi: { type: 'string' } }, { asyncapi: '3.0.0' }),
      304: { description: 'What you hold is current.' },
    },
  },
];
