import type { Table } from '../analysis/table';
import { cellOf, labelOf } from '../analysis/values';

/** One widget's part of a report. */
export interface Section {
  name: string;
  caution: string | null;
  table: Table;
}

export interface ReportText {
  title: string;
  notes: string | undefined;
  sections: readonly Section[];
}

/** Columns of a table that still fits a chat. */
const MAX_COLUMNS = 8;
/** Longest cell, UTF-16 code units. */
const MAX_CELL = 60;
/** Rows shown of each table: as many as the whole text has room for. */
const ROW_LIMITS = [20, 10, 5, 2, 0];
/** UTF-8 bytes of the text, so that it reaches the model whole (TOOL_RESULT_BYTES) with its JSON around it. */
const MAX_TEXT_BYTES = 11_000;

/** Data is shown as it is: it makes no link, no image, no markup and no further cell. */
const escaped = (text: string): string =>
  text.replaceAll(/\s+/g, ' ').replaceAll(/[\\`*_{}[\]<>()#|!~]/g, '\\$&');

function cellText(value: unknown): string {
  const text = labelOf(value);
  return escaped(text.length > MAX_CELL ? `${text.slice(0, MAX_CELL - 1)}…`.toWellFormed() : text);
}

const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

function tableText({ columns, rows }: Table, maxRows: number): string[] {
  const shown = columns.slice(0, MAX_COLUMNS);
  const some = rows.slice(0, maxRows);
  const left = [
    ...(some.length < rows.length ? [`${some.length} of ${rows.length} rows`] : []),
    ...(shown.length < columns.length ? [`${shown.length} of ${columns.length} columns`] : []),
  ];
  return [
    line(shown.map(cellText)),
    line(shown.map(() => '---')),
    ...some.map((row) => line(shown.map((column) => cellText(cellOf(row, column))))),
    ...(left.length > 0 ? ['', `Shown: ${left.join(', ')}; the CSV has more.`] : []),
  ];
}

function textWith({ title, notes, sections }: ReportText, maxRows: number): string {
  const lines = [`# ${escaped(title)}`, ...(notes === undefined ? [] : ['', notes])];
  for (const { name, caution, table } of sections) {
    lines.push('', `## ${escaped(name)}`, '');
    if (caution !== null) lines.push(`*${escaped(caution)}*`, '');
    if (table.rows.length > 0) lines.push(...tableText(table, maxRows));
  }
  return `${lines.join('\n')}\n`;
}

/** A report as Markdown: a heading and a table for each widget, the tables as long as fits. */
export function reportMarkdown(report: ReportText): string {
  for (const maxRows of ROW_LIMITS) {
    const text = textWith(report, maxRows);
    if (Buffer.byteLength(text) <= MAX_TEXT_BYTES) return text;
  }
  return textWith(report, 0);
}
