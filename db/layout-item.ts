/** A widget's place on a dashboard's grid. */
export interface LayoutItem {
  widgetId: string;
  x: number;
  y: number;
  w: number;
  h: number;
}
