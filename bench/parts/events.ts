const NAME = '42["widget.updated"';
const WIDGET_ID = '"widgetId":"';
const UUID_LENGTH = 36;

/** The widget an event is about, read without parsing the payload; undefined for other events. */
export function updatedWidget(packet: Buffer): string | undefined {
  if (!packet.toString('latin1', 0, NAME.length).startsWith(NAME)) return undefined;
  const at = packet.indexOf(WIDGET_ID);
  const from = at + WIDGET_ID.length;
  return at < 0 ? undefined : packet.toString('latin1', from, from + UUID_LENGTH);
}

/** Begins a request id that tells when its event was sent; microseconds of the shared clock follow. */
export const SENT_PREFIX = 'sent-';
const SENT = `"requestId":"${SENT_PREFIX}`;
/** More digits than a machine that is up for a century needs. */
const DIGITS = 17;

/** When an event was sent, µs of the shared clock; undefined for events that don't say. */
export function sentAt(packet: Buffer): number | undefined {
  const at = packet.lastIndexOf(SENT);
  if (at < 0) return undefined;
  return Number.parseInt(packet.toString('latin1', at + SENT.length, at + SENT.length + DIGITS), 10);
}
