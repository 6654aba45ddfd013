import { z } from 'zod';
import { scheduleSchema } from '../refresh/schedule';
import type { ToolName } from '../runs/types';

/** Widgets in one report: more is a dashboard, and would not fit a reply. */
export const MAX_REPORT_WIDGETS = 10;
/** Hits of one search: what a model can weigh in one turn. */
export const MAX_SEARCH_HITS = 20;

export const SEARCH_KINDS = ['widget', 'dashboard', 'conversation'] as const;
export type SearchKind = (typeof SEARCH_KINDS)[number];

/** Text as Postgres can store it: models do write NUL and half surrogate pairs. */
const text = (maxLength: number) =>
  z
    .string()
    .overwrite((value) => value.replaceAll('\0', '').toWellFormed().trim())
    .min(1, 'must not be empty')
    .max(maxLength);

const widgetId = z.uuid('is not a widget id').toLowerCase().describe('As `search` gives it.');
const moment = z
  .union([z.iso.date(), z.iso.datetime({ offset: true })], 'must be a date or time in ISO 8601')
  .describe('ISO 8601; a date alone is its start in UTC.');

const search = z.strictObject({
  query: text(200).describe('Words; "quoted phrases", or, and -excluded words work.'),
  kinds: z.array(z.enum(SEARCH_KINDS)).min(1).max(SEARCH_KINDS.length).optional(),
  limit: z.number().int().min(1).max(MAX_SEARCH_HITS).default(10),
});

const analysis = z.strictObject({
  widgetId,
  column: text(200).optional().describe('Only this column (default: each that holds numbers).'),
  groupBy: text(200).optional().describe('The column whose values split the rows into groups.'),
  from: moment.optional(),
  to: moment.optional(),
});

const reporting = z.strictObject({
  title: text(200),
  widgetIds: z.array(widgetId).min(1).max(MAX_REPORT_WIDGETS),
  notes: text(1_000).optional().describe('A paragraph under the title.'),
});

const automation = z
  .strictObject({
    action: z.enum(['refresh', 'set_schedule']),
    widgetId,
    schedule: scheduleSchema.nullable().optional().describe('For set_schedule; null: no schedule.'),
  })
  .refine(({ action, schedule }) => (action === 'set_schedule') === (schedule !== undefined), {
    path: ['schedule'],
    message: 'is needed for set_schedule (null for none), and not for refresh',
  });

export interface ToolParameters {
  search: typeof search;
  analysis: typeof analysis;
  reporting: typeof reporting;
  automation: typeof automation;
}
/** A tool's arguments once they are checked. */
export type ToolArguments<Name extends ToolName> = z.output<ToolParameters[Name]>;

interface ToolEntry<Parameters extends z.ZodType = z.ZodType> {
  /** What the model is told. */
  description: string;
  parameters: Parameters;
  /** Changes something of the business: a person confirms each call. */
  needsConfirmation: boolean;
}

/** What there is to know of each tool without running it; workers/agents/tools runs them. */
export const TOOL_CATALOG: { [Name in ToolName]: ToolEntry<ToolParameters[Name]> } = {
  search: {
    description:
      'Full-text search over the widgets (name, type, columns, latest data), the dashboards and the own earlier ' +
      'conversations that the asking person may see. Gives ids for the other tools.',
    parameters: search,
    needsConfirmation: false,
  },
  analysis: {
    description:
      'Statistics over one widget: count, sum, minimum, maximum, mean, median, standard deviation, trend and ' +
      'outliers of its numbers, by column and by group; of a single figure over its history.',
    parameters: analysis,
    needsConfirmation: false,
  },
  reporting: {
    description:
      'Makes a report of one to ten widgets: Markdown with a table per widget, to put into the reply, and a CSV ' +
      'of all rows that the person can download under the path in the result.',
    parameters: reporting,
    needsConfirmation: false,
  },
  automation: {
    description:
      'Refreshes a widget now, or sets its schedule: {"cron": five fields, "timezone": IANA name}, ' +
      '{"everySeconds": number}, or null for none. The person is asked to confirm first.',
    parameters: automation,
    needsConfirmation: true,
  },
};

export interface DescribedTool {
  name: ToolName;
  description: string;
  /** JSON Schema (2020-12) of type object. */
  parameters: Record<string, unknown>;
  needsConfirmation: boolean;
}

function schemaOf(parameters: z.ZodType): Record<string, unknown> {
  const { $schema: _, ...schema } = z.toJSONSchema(parameters, { io: 'input', target: 'draft-2020-12' });
  return schema;
}

/** These tools as `GET /agents/:id/tools` lists them and as a model is told of them. */
export const describeTools = (names: readonly ToolName[]): DescribedTool[] =>
  names.map((name) => {
    const { description, parameters, needsConfirmation } = TOOL_CATALOG[name];
    return { name, description, parameters: schemaOf(parameters), needsConfirmation };
  });
