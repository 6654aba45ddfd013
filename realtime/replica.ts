import { rowId, type SyncAnswer, type SyncChange, type SyncedRows, type SyncKind } from './sync/changes';
import type { ServerEvents } from './events';

interface Held {
  version: number;
  /** undefined: deleted, or not visible any more. */
  row: SyncedRows[SyncKind] | undefined;
}

const keyOf = (kind: SyncKind, id: string) => `${kind} ${id}`;

/**
 * What a client holds, and the whole rule by which it does: a row, or its deletion, is taken when its version is
 * newer than what is held. In whatever order events and sync answers come, the newest state wins. For tests and
 * for the terminal watcher, and as the reference for other clients.
 */
export class Replica {
  private readonly held = new Map<string, Held>();
  /** Where the next sync continues. */
  cursor: string | undefined;

  get<Kind extends SyncKind>(kind: Kind, id: string): SyncedRows[Kind] | undefined {
    return this.held.get(keyOf(kind, id))?.row as SyncedRows[Kind] | undefined;
  }

  all<Kind extends SyncKind>(kind: Kind): SyncedRows[Kind][] {
    const rows: SyncedRows[Kind][] = [];
    for (const [key, { row }] of this.held) {
      if (row && key.startsWith(`${kind} `)) rows.push(row as SyncedRows[Kind]);
    }
    return rows;
  }

  /** @returns false where something newer is held */
  apply(change: SyncChange): boolean {
    const isDeleted = 'deleted' in change;
    const id = isDeleted ? change.id : rowId(change);
    const version = isDeleted ? change.version : change.row.version;
    if (this.isInGrave(change)) return false;
    const held = this.held.get(keyOf(change.kind, id));
    if (held && held.version >= version) return false;
    this.held.set(keyOf(change.kind, id), { version, row: isDeleted ? undefined : change.row });
    if (change.kind === 'widget' && isDeleted) this.held.delete(keyOf('widgetData', id));
    if (change.kind === 'conversation' && isDeleted) this.buryTalk(id);
    return true;
  }

  /**
   * Takes a sync's answer. A reset empties everything: the database may be another one, where versions start anew.
   * @returns false after a reset: load everything over REST, {@link apply} it, and sync again from the new cursor
   */
  applySync(answer: SyncAnswer): boolean {
    this.cursor = answer.cursor;
    if (answer.reset) this.held.clear();
    // Widgets stand before their data in an answer, so that one that is visible again is so first.
    for (const change of answer.changes) this.apply(change);
    return !answer.reset;
  }

  /** Takes a live event; those that carry no row are not for it. */
  applyEvent<Name extends keyof ServerEvents>(name: Name, payload: ServerEvents[Name]): void {
    const change = changeOf(name, payload);
    if (change) this.apply(change);
  }

  /**
   * Data has no deletion of its own: it goes with its widget, messages and runs with their conversation, and a late
   * event must not bring them back. A conversation's deletion is final: what still happens in it is nobody's news.
   */
  private isInGrave(change: SyncChange): boolean {
    if ('deleted' in change) return false;
    switch (change.kind) {
      case 'widgetData':
        return this.isBuried('widget', change.row.widgetId);
      case 'conversation':
        return this.isBuried('conversation', change.row.id);
      case 'message':
      case 'run':
        return this.isBuried('conversation', change.row.conversationId);
      default:
        return false;
    }
  }

  private buryTalk(conversationId: string): void {
    for (const kind of ['message', 'run'] as const) {
      for (const row of this.all(kind)) {
        if (row.conversationId === conversationId) this.held.delete(keyOf(kind, row.id));
      }
    }
  }

  private isBuried(kind: SyncKind, id: string): boolean {
    const held = this.held.get(keyOf(kind, id));
    return held !== undefined && held.row === undefined;
  }
}

const ROW_EVENTS: Partial<Record<keyof ServerEvents, SyncKind>> = {
  'widget.updated': 'widgetData',
  'widget.failed': 'widgetData',
  'widget.changed': 'widget',
  'dashboard.changed': 'dashboard',
  'business.changed': 'business',
  'member.changed': 'member',
  'notification.created': 'notification',
  'agent.changed': 'agent',
  'conversation.changed': 'conversation',
  'message.created': 'message',
  'message.completed': 'message',
  'run.changed': 'run',
  'theme.changed': 'theme',
  'preferences.changed': 'preferences',
};

/** Takes the envelope off, so that an event leaves the same row as a sync does. */
function changeOf(name: keyof ServerEvents, payload: object): SyncChange | undefined {
  const kind = ROW_EVENTS[name];
  if (!kind) return undefined;
  const { businessId: _, ts: __, requestId: ___, ...row } = payload as Record<string, unknown>;
  if (row.deleted !== true) return { kind, row } as unknown as SyncChange;
  return { kind, id: (row.id ?? row.userId) as string, deleted: true, version: row.version as number };
}
