import { tenantStatement, type Statement } from '../../../db/scope';
import { checkSelect } from '../../../domain/sql/select-statement';
import { checkExpression } from '../../../domain/widgets/check-expression';
import type { WidgetSource } from '../../../domain/widgets/source-schemas';
import { checkWidgetConfig, checkWidgetData, type WidgetType } from '../../../domain/widgets/types';
import { badRequest, type ErrorDetail } from '../../../lib/errors';
import type { ServerContext } from '../../context';

const CONNECTION_KIND: Statement = {
  name: 'widget-check-connection',
  text: 'select kind from connections where id = $1',
};

interface Definition {
  type: WidgetType;
  config: Record<string, unknown>;
  source: WidgetSource;
}

/**
 * What the schemas can't tell: the config against the widget's type, the expression's and the query's syntax, and
 * that the connection exists in this business and is of the source's kind.
 * @param changed only what is in it is checked, where the rest is stored already
 * @throws HttpError 400 with a detail for each problem
 */
export async function checkWidget(
  context: ServerContext,
  businessId: string,
  definition: Definition,
  changed: Partial<Definition> = definition,
): Promise<void> {
  const details: ErrorDetail[] = [];
  if (changed.config) details.push(...checkWidgetConfig(definition.type, definition.config));
  if (changed.source)
    details.push(...(await checkSource(context, businessId, definition.type, changed.source)));
  const [first] = details;
  if (first) throw badRequest(`${first.path}: ${first.message}`, details);
}

/** The same for a source on its own, as a preview has it. */
export async function checkSource(
  context: ServerContext,
  businessId: string,
  type: WidgetType,
  source: WidgetSource,
): Promise<ErrorDetail[]> {
  const details: ErrorDetail[] = [];
  if (source.kind === 'static') {
    details.push(
      ...checkWidgetData(type, source.data).map(({ path, message }) => ({ path: `source.${path}`, message })),
    );
  }
  if (source.kind === 'http' && source.select !== undefined) {
    const problem = checkExpression(source.select);
    if (problem) details.push({ path: 'source.select', message: problem });
  }
  if (source.kind === 'sql') {
    details.push(...((await checkSelect(source.query, source.params.length)) ?? []));
  }
  if ('connectionId' in source && source.connectionId) {
    const kind = source.kind === 'sql' ? 'postgres' : 'http';
    const [connection] = await tenantStatement<{ kind: string }>(context.db, businessId, CONNECTION_KIND, [
      source.connectionId,
    ]);
    if (!connection)
      details.push({ path: 'source.connectionId', message: 'is not a connection of this business' });
    else if (connection.kind !== kind) {
      details.push({ path: 'source.connectionId', message: `must be a ${kind} connection` });
    }
  }
  return details;
}
