import type { ServerEvents } from '../../realtime/events';
import type { Replica } from '../../realtime/replica';
import type { Printer } from './printer';
import { describeData } from './value';

/** Names of people that were seen joining or in the list, by id: a leave names the id alone. */
export type Names = Map<string, string>;

export type Tell<Name extends keyof ServerEvents> = (payload: ServerEvents[Name]) => void;

export const aside = ({ version, ts }: { version: number; ts: string }) =>
  `v${version}  ${Math.max(0, Date.now() - Date.parse(ts))} ms`;

/** How each event of the server is told. The replica has not taken the event yet. */
export type Tellings = { [Name in keyof ServerEvents]?: Tell<Name> };

/** What happens on dashboards and to people. */
export function tellings(replica: Replica, printer: Printer, names: Names): Tellings {
  const nameOf = (widgetId: string) => replica.get('widget', widgetId)?.name ?? 'a widget';
  const isNews = (widgetId: string, version: number) =>
    version > (replica.get('widgetData', widgetId)?.version ?? 0);
  const place = (dashboardId: string | undefined) =>
    dashboardId === undefined
      ? 'the business'
      : (replica.get('dashboard', dashboardId)?.name ?? 'a dashboard');

  return {
    'widget.updated'(payload) {
      if (!isNews(payload.widgetId, payload.version)) return;
      const widget = replica.get('widget', payload.widgetId);
      const text = widget ? describeData(widget, payload.data) : 'new data';
      printer.line(nameOf(payload.widgetId), text, aside(payload), 'green');
    },
    'widget.failed'(payload) {
      if (!isNews(payload.widgetId, payload.version)) return;
      const text = `${payload.status}: ${payload.error?.message ?? 'no reason given'}`;
      printer.line(nameOf(payload.widgetId), text, aside(payload), 'red');
    },
    'widget.changed'(payload) {
      if ('deleted' in payload) printer.line(nameOf(payload.id), 'widget deleted', aside(payload), 'yellow');
      else printer.line(payload.name, 'widget changed', aside(payload), 'yellow');
    },
    'dashboard.changed'(payload) {
      if ('deleted' in payload)
        printer.line(place(payload.id), 'dashboard deleted', aside(payload), 'yellow');
      else printer.line(payload.name, 'dashboard changed', aside(payload), 'yellow');
    },
    'member.changed'(payload) {
      if ('deleted' in payload)
        printer.line(names.get(payload.userId) ?? 'A member', 'removed', aside(payload), 'yellow');
      else printer.line(payload.name, `is ${payload.role} now`, aside(payload), 'yellow');
    },
    'notification.created'(payload) {
      printer.line(payload.title, payload.body, aside(payload), 'magenta');
    },
    'presence.diff'({ dashboardId, joins, leaves }) {
      for (const { userId, name } of joins) {
        names.set(userId, name);
        printer.line(name, `joined ${place(dashboardId)}`, '', 'blue');
      }
      for (const userId of leaves) {
        printer.line(names.get(userId) ?? 'Someone', `left ${place(dashboardId)}`, '', 'blue');
      }
    },
  };
}
