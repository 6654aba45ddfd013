import Cursor from 'pg-cursor';
import type { QueryResult } from 'pg';
import type { PostgresSession } from './session';
import { columnReader, type ColumnType, type JsonValue } from './values';

/** A query's result as a widget holds it. */
export interface SqlData {
  /** In the query's order. A name that occurs twice gets a suffix: `total`, `total_2`. */
  columns: { name: string; type: ColumnType }[];
  rows: Record<string, JsonValue>[];
  /** There were more rows than the limits let through. */
  truncated: boolean;
}

type Field = QueryResult['fields'][number];

function uniqueNames(fields: readonly Field[]): string[] {
  const taken = new Set<string>();
  return fields.map(({ name }) => {
    let unique = name;
    for (let count = 2; taken.has(unique); count += 1) unique = `${name}_${count}`;
    taken.add(unique);
    return unique;
  });
}

/** Turns rows of text into objects. */
class RowShape {
  readonly columns: SqlData['columns'];
  private readonly readers: ((text: string) => JsonValue)[];

  constructor(fields: readonly Field[]) {
    const names = uniqueNames(fields);
    const readers = fields.map((field) => columnReader(field.dataTypeID));
    this.columns = readers.map(({ type }, index) => ({ name: names[index] ?? '', type }));
    this.readers = readers.map(({ read }) => read);
  }

  /** fromEntries, not assignment: a column may be called __proto__. */
  row(texts: readonly (string | null)[]): Record<string, JsonValue> {
    return Object.fromEntries(
      this.columns.map(({ name }, index) => {
        const text = texts[index] ?? null;
        return [name, text === null ? null : (this.readers[index]?.(text) ?? null)];
      }),
    );
  }
}

/** Every value as the text the server sent; RowShape decides. */
const AS_TEXT = { getTypeParser: () => (text: string) => text };

/**
 * Runs a checked query through a cursor (extended protocol: a second statement in the text is an error) and
 * reads its rows until the limits. When they are reached the connection is cut: the server has at most as
 * much more to send as its buffers hold.
 */
export function readRows(
  session: PostgresSession,
  query: string,
  params: readonly unknown[],
): Promise<SqlData> {
  const { client, limits } = session;
  const cursor = client.query(
    new Cursor<(string | null)[]>(query, [...params], { rowMode: 'array', types: AS_TEXT }),
  );
  const rows: SqlData['rows'] = [];
  let shape: RowShape | undefined;
  let jsonBytes = 0;
  return new Promise((resolve, reject) => {
    const finish = (truncated: boolean) => resolve({ columns: shape?.columns ?? [], rows, truncated });
    let full = false;
    cursor.on('row', (texts: (string | null)[], { fields }: QueryResult) => {
      if (full) return;
      shape ??= new RowShape(fields);
      const row = shape.row(texts);
      jsonBytes += Buffer.byteLength(JSON.stringify(row)) + 1;
      full = rows.length === limits.rows || jsonBytes > limits.resultBytes;
      if (!full) rows.push(row);
      else {
        finish(true);
        session.cut();
      }
    });
    // One more than we keep tells that there are more; the server sends no further ones unasked.
    cursor.read(limits.rows + 1, (error, _rows, result) => {
      if (error) return reject(error);
      shape ??= new RowShape(result.fields);
      finish(false);
    });
  });
}
