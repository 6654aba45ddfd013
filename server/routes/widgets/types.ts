import { z } from 'zod';
import { describeWidgetTypes } from '../../../domain/widgets/types';
import { defineRoute } from '../../http/route';

/** `GET /widget-types`: what each type's config and data look like, as JSON Schema. */
export const widgetTypeRoute = defineRoute({
  method: 'get',
  path: '/widget-types',
  summary: 'The widget types, with JSON Schemas of their config and data',
  tag: 'widgets',
  access: { policy: () => true, scope: 'widgets:read' },
  response: z.array(
    z.strictObject({
      type: z.string(),
      description: z.string(),
      configSchema: z.record(z.string(), z.unknown()),
      dataSchema: z.record(z.string(), z.unknown()),
    }),
  ),
  handler: async () => ({ data: describeWidgetTypes() }),
});
