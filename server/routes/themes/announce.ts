import type { PresentedTheme, ThemeRow } from '../../../domain/presenters/theme';
import { envelope } from '../../../realtime/envelope';
import { userRoom } from '../../../realtime/rooms';
import type { ServerContext } from '../../context';

/** To the person's own devices. */
export function announceTheme(
  { publish }: ServerContext,
  businessId: string,
  theme: PresentedTheme,
  requestId: string,
): void {
  publish([userRoom(businessId, theme.userId)], 'theme.changed', {
    ...theme,
    ...envelope(businessId, theme.version, requestId),
  });
}

export function announceThemeDeleted(
  { publish }: ServerContext,
  { id, businessId, userId, version }: ThemeRow,
  requestId: string,
): void {
  publish([userRoom(businessId, userId)], 'theme.changed', {
    id,
    deleted: true,
    ...envelope(businessId, version + 1, requestId),
  });
}
