import { z } from 'zod';
import type { WidgetShape } from './shape';

const anything = z.unknown();

export const customShape: WidgetShape = {
  description: 'Whatever your own front end draws: any config, any JSON.',
  config: z.looseObject({}),
  data: anything,
  formOf: () => anything,
  columnFields: [],
};
