import { tableOf } from '../../../domain/analysis/table';
import { reportCsv } from '../../../domain/reports/csv';
import { reportMarkdown, type Section } from '../../../domain/reports/markdown';
import { storeReport } from '../../../domain/reports/reports';
import { freshnessOf } from '../../../domain/tools/widget';
import type { Tool } from './tool';

export const reportingTool: Tool<'reporting'> = {
  name: 'reporting',
  rights: () => 'read',
  async effect({ runId }, { title, widgetIds, notes }, { trx, actor, widget: find }) {
    const sections: Section[] = [];
    for (const widgetId of new Set(widgetIds)) {
      const widget = await find(widgetId);
      const { name, type, data } = widget;
      sections.push({ name, caution: freshnessOf(widget).caution, table: tableOf(type, data) });
    }
    const { csv, rows, truncated } = reportCsv(sections);
    const reportId = await storeReport(trx, actor, { runId, title, csv });
    return {
      result: {
        reportId,
        csv: { path: `/api/v1/reports/${reportId}`, rows, truncated },
        markdown: reportMarkdown({ title, notes, sections }),
      },
    };
  },
};
