import type { Route } from '../../http/route';
import type { Schemas } from '../schema';
import { exampleOf } from './example';
import { WRITTEN, type Examples } from './written';

/** A reply's beginning and its end, as `GET /runs/:id/stream` sends them. */
export const STREAM_EXAMPLE = [
  'event: message.delta',
  'id: 1.24',
  'data: {"messageId":"01932f8e-7b1a-7c3e-9d2f-5a6b7c8d9e09","runId":"01932f8e-7b1a-7c3e-9d2f-5a6b7c8d9e0a","epoch":1,"position":0,"text":"You took 128 orders this"}',
  '',
  'event: message.completed',
  'id: 1.30',
  'data: {"id":"01932f8e-7b1a-7c3e-9d2f-5a6b7c8d9e09","status":"completed","content":"You took 128 orders this week."}',
  '',
  '',
].join('\n');

/** What a client sends and gets: as it was written for the route, else made from its schemas. */
export function examplesOf(route: Route, { toSchema, components }: Schemas): Examples {
  const written = WRITTEN[`${route.method} ${route.path}`];
  const { body, response } = route;
  // The narrower one first: members and businesses have one tag.
  const resource = route.path.split('/').findLast((word) => word && !word.startsWith(':')) ?? '';
  const resources = [resource, route.tag];
  return {
    body: written?.body ?? (body && exampleOf(body, toSchema(body), resources, components)),
    data: written?.data ?? (response && exampleOf(response, toSchema(response), resources, components)),
  };
}
