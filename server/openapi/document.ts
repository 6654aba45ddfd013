import { OpenAPIRegistry, OpenApiGeneratorV31 } from '@asteasolutions/zod-to-openapi';
import { VERSION } from '../../lib/version';
import type { Route } from '../http/route';
import { registerComponents } from './components';
import { operationOf } from './operation';
import { createSchemas } from './schema';
import { SYSTEM_OPERATIONS } from './system-operations';

const DESCRIPTION = `Live business dashboards. Success is \`{data, message?, meta?}\`, failure is
\`{message, error: {code, details?, requestId}}\`. Fields we do not know are an error.`;

/**
 * The API's description, from the schemas that check its requests.
 * @param serverUrl where clients reach it; `/` where that is not known
 */
export function openApiDocument(routes: readonly Route[], serverUrl = '/') {
  const registry = new OpenAPIRegistry();
  registerComponents(registry);
  const { toSchema, components } = createSchemas();
  for (const route of routes) registry.registerPath(operationOf(route, toSchema));
  for (const operation of SYSTEM_OPERATIONS) registry.registerPath(operation);
  for (const [name, schema] of components) registry.registerComponent('schemas', name, schema);
  return new OpenApiGeneratorV31(registry.definitions).generateDocument({
    openapi: '3.1.0',
    info: { title: 'Liveboard API', version: VERSION, description: DESCRIPTION },
    servers: [{ url: serverUrl }],
    tags: tagsOf(routes),
  });
}

function tagsOf(routes: readonly Route[]): { name: string }[] {
  return [...new Set([...routes.map(({ tag }) => tag), 'system'])].map((name) => ({ name }));
}
