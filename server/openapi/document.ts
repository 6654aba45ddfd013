import { OpenAPIRegistry, OpenApiGeneratorV31 } from '@asteasolutions/zod-to-openapi';
import { VERSION } from '../../lib/version';
import type { Route } from '../http/route';
import { registerComponents } from './components';
import { operationOf } from './operation';
import { createSchemas } from './schema';
import { SYSTEM_OPERATIONS } from './system-operations';
import { TAGS } from './tags';

const DESCRIPTION = `Live business dashboards.

Success is \`{data, message?, meta?}\`, failure is \`{message, error: {code, details?, requestId}}\`: \`message\` is
for a person, \`code\` for a program, \`details\` name the fields. Fields we do not know are an error.

Bodies are JSON of at most 100 KB, nested at most 20 deep; an operation that takes more says so.

Limits: a person may send 300 requests a minute, an API key 600, everybody in a business together 1,500; from one
network one can try to log in 10 times a minute and register 5 times an hour; one address is sent 3 mails an hour with
a link that anybody can ask for. Over a limit the answer is 429 with \`Retry-After\` and \`RateLimit-*\`;
\`GET /rate-limit\` shows what is left.

What happens between two requests arrives over Socket.IO: [the realtime protocol](/docs/realtime).`;

/**
 * The API's description, from the schemas that check its requests.
 * @param serverUrl where clients reach it; `/` where that is not known
 */
export function openApiDocument(routes: readonly Route[], serverUrl = '/') {
  const registry = new OpenAPIRegistry();
  registerComponents(registry);
  const schemas = createSchemas();
  for (const route of routes) registry.registerPath(operationOf(route, schemas));
  for (const operation of SYSTEM_OPERATIONS) registry.registerPath(operation);
  for (const [name, schema] of schemas.components) registry.registerComponent('schemas', name, schema);
  return new OpenApiGeneratorV31(registry.definitions).generateDocument({
    openapi: '3.1.0',
    info: {
      title: 'Liveboard API',
      version: VERSION,
      description: DESCRIPTION,
      license: { name: 'Proprietary', identifier: 'LicenseRef-Proprietary' },
    },
    servers: [{ url: serverUrl }],
    tags: tagsOf(routes),
  });
}

function tagsOf(routes: readonly Route[]): { name: string; description?: string }[] {
  const used = new Set([...routes.map(({ tag }) => tag), 'system']);
  return [...used].map((name) => ({ name, ...(TAGS[name] && { description: TAGS[name] }) }));
}
