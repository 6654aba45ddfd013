import { z } from 'zod';
import { isObject, type WidgetShape } from './shape';
import { columnName, rowsForm, tableForm } from './tabular';

const config = z.strictObject({
  view: z.enum(['month', 'week', 'day', 'agenda']).default('month'),
  title: columnName.optional().describe('For tabular data: the column of the event’s title.'),
  start: columnName.optional().describe('For tabular data: the column of its start.'),
  end: columnName.optional().describe('For tabular data: the column of its end.'),
  weekStartsOn: z.enum(['monday', 'sunday', 'saturday']).optional(),
});

/** A date, or a date and time with or without an offset, as ISO 8601 (RFC 3339). */
const moment = z
  .string()
  .regex(
    /^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?$/,
    'must be a date or time in ISO 8601',
  );

const event = z.looseObject({
  id: z.union([z.string(), z.number()]).optional(),
  title: z.string(),
  start: moment,
  end: moment.nullish(),
  allDay: z.boolean().optional(),
  url: z.string().optional(),
  color: z.string().optional(),
});

const form = z.looseObject({ events: z.array(event) });
const list = z.array(event);

/** Rows that already are events need no mapping. */
const looksLikeEvents = (rows: unknown[]): boolean => rows.every((row) => isObject(row) && 'start' in row);

export const calendarShape: WidgetShape = {
  description: 'Events with a start and perhaps an end.',
  config,
  data: z.union([form, list, tableForm, rowsForm]),
  formOf: (data) => {
    if (Array.isArray(data)) return looksLikeEvents(data) ? list : rowsForm;
    return isObject(data) && 'rows' in data && !('events' in data) ? tableForm : form;
  },
  columnFields: ['title', 'start', 'end'],
};
