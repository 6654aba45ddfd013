import { z } from 'zod';
import type { Pagination } from './route';

/** An id in the one form in which we write it: what is looked up by its text is found however it was sent. */
export const idSchema = z.uuid('is not a UUID').toLowerCase();

/** `/:id` of a route. */
export const idParams = z.strictObject({ id: idSchema });

const MAX_PAGE = 100_000;
const MAX_PAGE_SIZE = 100;

/**
 * `?page=&pageSize=&search=&sort=`, where sort is one of `fields`, with `-` for descending. Only these names
 * reach SQL, and only as the columns that the caller maps them to.
 */
export function listQuery<const Fields extends readonly [string, ...string[]]>(fields: Fields) {
  const sorts = fields.flatMap((field) => [field, `-${field}`]) as [string, ...string[]];
  return z.strictObject({
    page: z.coerce.number().int().min(1).max(MAX_PAGE).default(1),
    pageSize: z.coerce.number().int().min(1).max(MAX_PAGE_SIZE).default(20),
    search: z.string().trim().max(200).optional(),
    sort: z.enum(sorts).default('-createdAt'),
  });
}

export const sortOf = (sort: string): { field: string; direction: 'asc' | 'desc' } =>
  sort.startsWith('-') ? { field: sort.slice(1), direction: 'desc' } : { field: sort, direction: 'asc' };

export const paginationOf = (page: number, pageSize: number, total: number): Pagination => ({
  page,
  pageSize,
  total,
  totalPages: Math.ceil(total / pageSize),
});

/** `%` and `_` in a search mean themselves. */
export const likePattern = (search: string): string => `%${search.replace(/[\\%_]/g, '\\$&')}%`;
