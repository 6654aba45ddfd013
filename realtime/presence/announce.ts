import type { Publish } from '../publish';
import { businessRoom, dashboardRoom } from '../rooms';
import type { SettledDiff } from './settle';

/** Sends each diff to the people of its place. Call it after the commit. */
export function announceDiffs(publish: Publish, diffs: readonly SettledDiff[]): void {
  for (const { businessId, scopeId, rev, joins, leaves } of diffs) {
    if (scopeId === businessId) publish([businessRoom(businessId)], 'presence.diff', { rev, joins, leaves });
    else publish([dashboardRoom(scopeId)], 'presence.diff', { rev, dashboardId: scopeId, joins, leaves });
  }
}
