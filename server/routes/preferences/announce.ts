import { presentPreferences, type PreferencesRow } from '../../../domain/presenters/preferences';
import { envelope } from '../../../realtime/envelope';
import { userRoom } from '../../../realtime/rooms';
import type { ServerContext } from '../../context';

/** Tells each person's devices of what their preferences are now. */
export function announcePreferences(
  { publish }: ServerContext,
  rows: readonly PreferencesRow[],
  requestId: string,
): void {
  for (const row of rows) {
    publish([userRoom(row.businessId, row.userId)], 'preferences.changed', {
      ...presentPreferences(row),
      ...envelope(row.businessId, row.version, requestId),
    });
  }
}
