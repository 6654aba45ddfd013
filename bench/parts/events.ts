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
