import type { LayoutItem } from '../../db/layout-item';

const COLUMNS = 12;

interface Placeable {
  widgetId: string;
  size: { w: number; h: number };
}

/** Lays widgets out row by row: the next one goes below as soon as the row is full. */
export function flow(items: readonly Placeable[]): LayoutItem[] {
  let x = 0;
  let y = 0;
  let rowHeight = 0;
  return items.map(({ widgetId, size: { w, h } }) => {
    if (x + w > COLUMNS) {
      y += rowHeight;
      x = 0;
      rowHeight = 0;
    }
    const place = { widgetId, x, y, w, h };
    x += w;
    rowHeight = Math.max(rowHeight, h);
    return place;
  });
}
