import type { z } from 'zod';

/** What one widget type takes. One file each; domain/widgets/types.ts lists them. */
export interface WidgetShape {
  description: string;
  config: z.ZodType;
  /** Every form of data together, for people and for their tools. */
  data: z.ZodType;
  /**
   * The one form that this data looks like, so that what is wrong can be told of it alone: a union's own
   * message would say for each form why it isn't that.
   */
  formOf(data: unknown): z.ZodType;
  /** Config fields that name columns, where data is tabular; a field may hold one name or a list. */
  columnFields: readonly string[];
}

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
