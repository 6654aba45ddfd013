import { recordAudit, type AuditOrigin } from '../../../domain/audit/record';
import { presentWidget, type WidgetRow } from '../../../domain/presenters/widget';
import { requestRefreshWithin, type Claim } from '../../../domain/refresh/request';
import type { Schedule } from '../../../domain/refresh/schedule';
import type { ToolWidget } from '../../../domain/tools/widget';
import type { Actor } from '../../../domain/roles';
import { auditedWidget } from '../../../domain/widgets/audited';
import { isFetched } from '../../../domain/widgets/fetched-kinds';
import { updateWidget } from '../../../domain/widgets/write';
import { conflict, notFound } from '../../../lib/errors';
import { envelope } from '../../../realtime/envelope';
import { audienceOf } from '../../../realtime/rooms';
import type { Tool, ToolContext, ToolEffect, ToolScope } from './tool';

const describeSchedule = (schedule: Schedule | null): string => {
  if (!schedule) return 'no schedule';
  return 'cron' in schedule
    ? `cron "${schedule.cron}" (${schedule.timezone})`
    : `every ${schedule.everySeconds} s`;
};

const actionRight = { refresh: 'refresh', set_schedule: 'update' } as const;

function assertFetched(widget: ToolWidget): void {
  if (!isFetched(widget.source)) {
    throw conflict('This widget’s data is pushed; there is nothing to fetch.', 'not_refreshable');
  }
}

export const automationTool: Tool<'automation'> = {
  name: 'automation',
  rights: ({ action }) => actionRight[action],
  async summarise(_, { action, widgetId, schedule = null }, scope) {
    const widget = await scope.widget(widgetId);
    assertFetched(widget);
    if (action === 'refresh') return `Refresh the widget "${widget.name}" now.`;
    const [before, after] = [widget.schedule, schedule].map(describeSchedule);
    return `Change the schedule of the widget "${widget.name}" from ${before} to ${after}.`;
  },
  async effect(context, { action, widgetId, schedule = null }, scope) {
    const widget = await scope.widget(widgetId);
    assertFetched(widget);
    return action === 'refresh'
      ? refresh(context, widget, scope)
      : setSchedule(context, widget, schedule, scope);
  },
};

async function refresh(context: ToolContext, widget: ToolWidget, { trx }: ToolScope): Promise<ToolEffect> {
  const { requestId } = context;
  const asked = await requestRefreshWithin(trx, widget.businessId, { widgetId: widget.id, requestId });
  if (!asked) throw notFound(`Widget ${widget.id}`);
  const { claim, queued } = asked;
  return {
    result: { widgetId: widget.id, name: widget.name, queued, joinedWaitingRefresh: !queued },
    ...(claim && { afterCommit: () => enqueue(context, claim) }),
  };
}

async function enqueue({ jobs, logger, requestId }: ToolContext, claim: Claim): Promise<void> {
  await jobs.enqueue('widget-refresh', claim).catch((error: unknown) => {
    // The claim is in Postgres: a sweep hands it over when the broker is back.
    logger.warn(
      { err: error, widgetId: claim.widgetId, requestId },
      'the broker did not take a refresh, a sweep will',
    );
  });
}

async function setSchedule(
  { publish, requestId }: ToolContext,
  { id, businessId, schedule: before }: ToolWidget,
  schedule: Schedule | null,
  { trx, actor }: ToolScope,
): Promise<ToolEffect> {
  const row = (await updateWidget(trx, id, undefined, { schedule })) as unknown as WidgetRow | undefined;
  if (!row) throw notFound(`Widget ${id}`);
  await recordAudit(trx, originIn(actor, requestId), {
    action: 'widget.updated',
    subject: { kind: 'widget', id },
    before: auditedWidget({ ...row, schedule: before }),
    after: auditedWidget(row),
  });
  const widget = presentWidget(row);
  return {
    result: { widgetId: id, name: widget.name, schedule: widget.schedule },
    afterCommit: async () =>
      publish(audienceOf(businessId, widget.scope, widget.ownerId), 'widget.changed', {
        ...widget,
        ...envelope(businessId, widget.version, requestId),
      }),
  };
}

/** The person did it through an agent: from no address, under the request that asked. */
const originIn = ({ userId, businessId }: Actor, requestId: string): AuditOrigin => ({
  actorId: userId,
  apiKeyId: null,
  sessionId: null,
  businessId,
  requestId,
  ip: null,
  userAgent: null,
});
