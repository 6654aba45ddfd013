import type { WidgetRow } from '../presenters/widget';

/** What the audit log tells of a widget. The name of one that only its owner sees is theirs. */
export const auditedWidget = (row: WidgetRow) => ({
  ...row,
  name: row.scope === 'business' ? row.name : undefined,
  sourceKind: (row.source as { kind?: string }).kind,
});
