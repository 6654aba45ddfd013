import { randomUUID } from 'node:crypto';
import type { Database } from '../../db/database';
import { tenantStatement, type Statement } from '../../db/scope';
import { presentWidgetData } from '../../domain/presenters/widget-data';
import { pushData } from '../../domain/widgets/push';
import { findWidgetHead } from '../../domain/widgets/read';
import { envelope } from '../../realtime/envelope';
import type { Publish } from '../../realtime/publish';
import { audienceOf } from '../../realtime/rooms';
import { BUSINESS_ID } from '../business/ids';
import { PUSHED_BY } from './pushed-by';

const FIND: Statement = {
  name: 'demo-find-pushed',
  text: `select id from widgets where source ->> 'kind' = 'push' and config ->> 'pushedBy' = $1`,
};

/** What `POST /widgets/:id/data` does, from within: writes the data and tells everyone who may see it. */
export async function pushToDemoWidgets(db: Database, publish: Publish, data: unknown): Promise<void> {
  const widgets = await tenantStatement<{ id: string }>(db, BUSINESS_ID, FIND, [PUSHED_BY]);
  for (const { id } of widgets) {
    const head = await findWidgetHead(db, BUSINESS_ID, id);
    if (!head) continue;
    const { row, changed } = await pushData(db, BUSINESS_ID, id, head, data);
    if (!changed) continue;
    publish(audienceOf(BUSINESS_ID, head.scope, head.ownerId), 'widget.updated', {
      ...presentWidgetData(row),
      ...envelope(BUSINESS_ID, row.version, `demo-${randomUUID()}`),
    });
  }
}
