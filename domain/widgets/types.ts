import { z } from 'zod';
import type { ErrorDetail } from '../../lib/errors';
import { MAX_WIDGET_CONFIG_BYTES, MAX_WIDGET_DATA_BYTES } from './limits';
import { calendarShape } from './shapes/calendar';
import { chartShape } from './shapes/chart';
import { customShape } from './shapes/custom';
import { isObject, type WidgetShape } from './shapes/shape';
import { statsShape } from './shapes/stats';
import { tableShape } from './shapes/table';
import { rowsOf } from './shapes/tabular';

export const WIDGET_TYPES = ['stats', 'chart', 'table', 'calendar', 'custom'] as const;
export type WidgetType = (typeof WIDGET_TYPES)[number];

const SHAPES: Record<WidgetType, WidgetShape> = {
  stats: statsShape,
  chart: chartShape,
  table: tableShape,
  calendar: calendarShape,
  custom: customShape,
};

/** Most problems told at once: data of a thousand rows would have a thousand. */
const MAX_DETAILS = 20;

function problemsOf(schema: z.ZodType, value: unknown, path: string): ErrorDetail[] {
  const result = schema.safeParse(value, { reportInput: false });
  if (result.success) return [];
  return result.error.issues.slice(0, MAX_DETAILS).map((issue) => ({
    path: [path, ...issue.path.map(String)].join('.'),
    message: isMissing(issue, value) ? 'is missing' : issue.message.replace(/^Invalid input: /, ''),
  }));
}

/** Is the place an issue speaks of absent, rather than of the wrong kind? */
function isMissing(issue: z.core.$ZodIssue, value: unknown): boolean {
  const place = issue.path.reduce<unknown>(
    (at, key) => (at !== null && typeof at === 'object' ? Reflect.get(at, key) : undefined),
    value,
  );
  return issue.path.length > 0 && place === undefined;
}

function tooLarge(value: unknown, limitBytes: number, path: string): ErrorDetail[] {
  const bytes = Buffer.byteLength(JSON.stringify(value) ?? '');
  return bytes <= limitBytes
    ? []
    : [{ path, message: `is ${bytes} bytes of JSON; at most ${limitBytes} are possible` }];
}

/** Is this config what widgets of this type take? At most 32 KB of JSON. Paths start with `config`. */
export function checkWidgetConfig(type: WidgetType, config: unknown): ErrorDetail[] {
  const problems = problemsOf(SHAPES[type].config, config, 'config');
  return problems.length > 0 ? problems : tooLarge(config, MAX_WIDGET_CONFIG_BYTES, 'config');
}

/** Columns that the config names and the data does not have. */
function missingColumns(shape: WidgetShape, data: unknown, config: unknown): ErrorDetail[] {
  const [first] = rowsOf(data) ?? [];
  if (!first || !isObject(config)) return [];
  return shape.columnFields.flatMap((field) => {
    const named: unknown[] = [config[field]].flat();
    return named
      .filter((name): name is string => typeof name === 'string' && !Object.hasOwn(first, name))
      .map((name) => ({ path: 'data', message: `has no column "${name}" (config.${field})` }));
  });
}

/**
 * Is this data what widgets of this type show? At most 1 MB of JSON. Paths start with `data`.
 * @param config the widget's, to check that the columns it names are there
 */
export function checkWidgetData(type: WidgetType, data: unknown, config?: unknown): ErrorDetail[] {
  if (data === undefined) return [{ path: 'data', message: 'is missing' }];
  const large = tooLarge(data, MAX_WIDGET_DATA_BYTES, 'data');
  if (large.length > 0) return large;
  const shape = SHAPES[type];
  const problems = problemsOf(shape.formOf(data), data, 'data');
  return problems.length > 0 ? problems : missingColumns(shape, data, config);
}

/**
 * What {@link checkWidgetData} found, as the one line a widget's owner reads: "The source's data doesn't fit a
 * stats widget: value is missing."
 */
export function describeMisfit(type: WidgetType, details: readonly ErrorDetail[]): string {
  const [first] = details;
  if (!first) return `The source's data doesn't fit a ${type} widget.`;
  const place = first.path.replace(/^data\.?/, '') || 'the data';
  return `The source's data doesn't fit a ${type} widget: ${place} ${lowerFirst(first.message)}.`;
}

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);

const jsonSchema = (schema: z.ZodType): Record<string, unknown> => ({
  ...z.toJSONSchema(schema, { io: 'input', target: 'draft-2020-12' }),
});

/** Every type with the JSON Schemas (2020-12) of its config and its data, as `GET /widget-types` answers. */
export const describeWidgetTypes = () =>
  WIDGET_TYPES.map((type) => ({
    type,
    description: SHAPES[type].description,
    configSchema: jsonSchema(SHAPES[type].config),
    dataSchema: jsonSchema(SHAPES[type].data),
  }));
