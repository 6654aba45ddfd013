import { forbidden, notFound } from '../../lib/errors';
import type { Actor } from '../../domain/roles';

interface Policy<Row> {
  read: (actor: Actor, row: Row) => boolean;
}

/**
 * Asserts that the actor may do this to the row.
 * @param row undefined where it was not found
 * @throws HttpError 404 where they may not even see it (the answer of a row that does not exist), else 403
 */
export function authorize<Row, Rules extends Policy<Row>>(
  actor: Actor,
  policy: Rules,
  action: keyof Rules,
  row: Row | undefined,
  what: string,
): asserts row is Row {
  if (row === undefined || !policy.read(actor, row)) throw notFound(what);
  const rule = policy[action] as (actor: Actor, row: Row) => boolean;
  if (!rule(actor, row)) throw forbidden();
}
