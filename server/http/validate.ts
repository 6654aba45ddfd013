import type { z } from 'zod';
import { badRequest, type ErrorDetail } from '../../lib/errors';

/** What has no name in front of its fields. */
const WHOLES = new Set(['body', 'query', 'path']);

/** Zod's issues as the API's error details; unknown keys are named one by one. */
export function detailsOf(error: z.ZodError, root: string): ErrorDetail[] {
  return error.issues.flatMap((issue) => {
    const path = [...(WHOLES.has(root) ? [] : [root]), ...issue.path.map(String)];
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({ path: [...path, key].join('.'), message: 'is not a known field' }));
    }
    return [{ path: path.join('.') || root, message: issue.message }];
  });
}

/**
 * @param root what the whole is called: `body`, `query`, `path`, or the field that it is
 * @throws HttpError 400 with a detail for each field
 */
export function validate<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  root: string,
): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const details = detailsOf(result.error, root);
  const [first] = details;
  throw badRequest(first ? `${first.path}: ${first.message}` : `The ${root} is not valid.`, details);
}
