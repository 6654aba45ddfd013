import { analyse } from '../../../domain/analysis/analyse';
import { figureHistory, singleFigureOf } from '../../../domain/analysis/history';
import { tableOf } from '../../../domain/analysis/table';
import { freshnessOf } from '../../../domain/tools/widget';
import type { Tool } from './tool';

/** A widget that shows one figure is analysed over its history, every other one over what it shows now. */
export const analysisTool: Tool<'analysis'> = {
  name: 'analysis',
  rights: () => 'read',
  async run(_, { widgetId, ...question }, { trx, widget: find }) {
    const widget = await find(widgetId);
    const { id, name, type, config, data } = widget;
    const about = { widget: { id, name, type }, ...freshnessOf(widget) };
    const figure = singleFigureOf(type, config, data, question.column);
    if (figure === undefined)
      return { ...about, over: 'latest data', ...analyse(tableOf(type, data), question) };
    const history = await figureHistory(trx, { id, type, config }, question);
    return {
      ...about,
      over: 'history',
      current: figure,
      latest: data,
      ...analyse(history, { column: 'value' }),
    };
  },
};
