import type { z } from 'zod';
import { VERSION } from '../../lib/version';
import { createSchemas, type Schema, type Schemas } from '../openapi/schema';
import { exampleOf } from '../openapi/examples/example';
import { EVENTS } from '../sockets/events';
import { CLIENT_EVENTS } from './client-events';
import { ERRORS, LIMITS, RULES } from './rules';
import { SERVER_EVENTS } from './server-events';

/** One event in both forms: for machines, and for the page. */
export interface EventDescription {
  name: string;
  summary: string;
  /** Whose sockets get it; only of events that the server sends. */
  to?: string;
  payload: Schema;
  example: unknown;
  /** What the acknowledgement holds beside `ok: true`; only of events that a client sends. */
  answer?: { schema: Schema; example: unknown };
}

/** Every event, from the schemas that check what clients send and that REST answers with. */
export function describeEvents(schemas: Schemas): { server: EventDescription[]; client: EventDescription[] } {
  const shown = (type: z.ZodType, name: string) => {
    const schema = schemas.toSchema(type);
    const [subject = ''] = name.split('.');
    return { schema, example: exampleOf(type, schema, [`${subject}s`, subject], schemas.components) };
  };
  const server = Object.entries(SERVER_EVENTS).map(([name, { summary, to, payload }]) => {
    const { schema, example } = shown(payload, name);
    return { name, summary, to, payload: schema, example };
  });
  const client = [...EVENTS.values()].map(({ name, payload }) => {
    const described = CLIENT_EVENTS[name];
    if (!described) throw new Error(`The event ${name} is not described.`);
    const { schema, example } = shown(payload, name);
    const { summary, answer } = described;
    return { name, summary, payload: schema, example, answer: shown(answer, name) };
  });
  return { server, client };
}

const FAILURE = {
  type: 'object',
  required: ['ok', 'error'],
  properties: {
    ok: { const: false },
    error: {
      type: 'object',
      required: ['code', 'message'],
      properties: {
        code: { type: 'string', description: ERRORS.map(({ code }) => `\`${code}\``).join(', ') },
        message: { type: 'string', description: 'For a person.' },
      },
    },
  },
} as const;

const succeeded = (answer: Schema): Schema => ({
  ...answer,
  properties: { ok: { const: true }, ...(answer.properties as object) },
  required: ['ok', ...((answer.required as string[] | undefined) ?? [])],
});

const list = (lines: string[]) => lines.map((line) => `- ${line}`).join('\n');
const description = () =>
  [
    ...RULES.map(({ title, text }) => `**${title}.** ${text}`),
    `**Limits**\n\n${list(LIMITS.map(({ what, limit }) => `${what}: ${limit}`))}`,
    `**Errors**\n\n${list(ERRORS.map(({ code, meaning }) => `\`${code}\`: ${meaning}`))}`,
  ].join('\n\n');

const inChannel = (name: string) => ({ $ref: `#/channels/socket/messages/${name}` });
const message = (name: string, summary: string, payload: Schema, example: unknown) => ({
  name,
  title: name,
  summary,
  contentType: 'application/json',
  payload,
  examples: [{ name: 'example', payload: example }],
});
/** `widget.updated` makes `sendWidgetUpdated`. */
const operationName = (verb: string, name: string) =>
  `${verb}${name.replace(/(?:^|\.)(.)/g, (_, letter: string) => letter.toUpperCase())}`;

/**
 * The realtime protocol as AsyncAPI 3. It is written from the server's side: what it sends, what it receives.
 * @param serverUrl where clients reach it
 */
export function asyncApiDocument(serverUrl = 'http://localhost:3000') {
  const schemas = createSchemas();
  const { server, client } = describeEvents(schemas);
  const { host, protocol } = new URL(serverUrl);
  const socket = { $ref: '#/channels/socket' };
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Liveboard realtime protocol',
      version: VERSION,
      description: description(),
      license: { name: 'Proprietary' },
    },
    defaultContentType: 'application/json',
    servers: {
      api: {
        host,
        pathname: '/socket.io/',
        protocol: protocol === 'https:' ? 'wss' : 'ws',
        description: 'Socket.IO 4 over WebSocket.',
        security: [{ $ref: '#/components/securitySchemes/accessToken' }],
      },
    },
    channels: {
      socket: {
        address: '/',
        title: 'The one namespace',
        servers: [{ $ref: '#/servers/api' }],
        messages: Object.fromEntries([
          ...[...server, ...client].map(({ name, summary, payload, example }) => [
            name,
            message(name, summary, payload, example),
          ]),
          ...client.map(({ name, answer }) => [
            `${name}.ack`,
            message(
              `${name}.ack`,
              `What ${name} is acknowledged with`,
              { anyOf: [succeeded(answer?.schema ?? {}), { $ref: '#/components/schemas/Failure' }] },
              { ok: true, ...(answer?.example as object) },
            ),
          ]),
        ]),
      },
    },
    operations: Object.fromEntries([
      ...server.map(({ name, summary, to }) => [
        operationName('send', name),
        {
          action: 'send',
          channel: socket,
          summary,
          description: `To: ${to}.`,
          messages: [inChannel(name)],
        },
      ]),
      ...client.map(({ name, summary }) => [
        operationName('receive', name),
        {
          action: 'receive',
          channel: socket,
          summary,
          messages: [inChannel(name)],
          reply: { channel: socket, messages: [inChannel(`${name}.ack`)] },
        },
      ]),
    ]),
    components: {
      schemas: { ...Object.fromEntries(schemas.components), Failure: FAILURE },
      securitySchemes: {
        accessToken: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description: 'The access token of `POST /api/v1/auth/login`, as `auth.token` of the handshake.',
        },
      },
    },
  };
}
