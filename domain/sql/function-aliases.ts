import { ALLOWED_FUNCTIONS } from './functions';
import { isBody, namesIn, type Body } from './tree';

/** Columns that our set-returning functions have by themselves. */
const EACH_FUNCTIONS = /^jsonb?_each(_text)?$/;

/** The function calls in `FROM f(...)` or `FROM ROWS FROM (f(...), g(...))`. */
function callsOf(body: Body): (Body | undefined)[] {
  const entries: unknown[] = Array.isArray(body.functions) ? body.functions : [];
  return entries.map((entry) => {
    const items: unknown = isBody(entry) && isBody(entry.List) ? entry.List.items : undefined;
    const first: unknown = Array.isArray(items) ? items[0] : undefined;
    return isBody(first) && isBody(first.FuncCall) ? first.FuncCall : undefined;
  });
}

const definedColumns = (list: unknown): string[] =>
  (Array.isArray(list) ? list : []).flatMap((entry: unknown) => {
    const name = isBody(entry) && isBody(entry.ColumnDef) ? entry.ColumnDef.colname : undefined;
    return typeof name === 'string' ? [name] : [];
  });

/** A function in FROM: the name it has there, and the names that surely are its columns. */
interface FunctionAlias {
  name: string;
  columns: ReadonlySet<string>;
}

/** @returns undefined where it has no alias and no name of its own (`FROM current_date`) */
export function functionAlias(body: Body): FunctionAlias | undefined {
  const alias = isBody(body.alias) ? body.alias : undefined;
  const [call] = callsOf(body);
  const functionName = namesIn(call?.funcname).at(-1);
  const name = typeof alias?.aliasname === 'string' ? alias.aliasname : functionName;
  if (name === undefined) return undefined;
  const given = namesIn(alias?.colnames);
  const columns = new Set([...given, ...definedColumns(body.coldeflist)]);
  if (columns.size === 0) columns.add(name);
  if (body.ordinality === true) columns.add('ordinality');
  if (functionName && EACH_FUNCTIONS.test(functionName)) columns.add('key').add('value');
  return { name, columns };
}

/**
 * `x.name`, where x is a function in FROM that returns one value, is also a call of `name(x)`:
 * `SELECT x.pg_read_file FROM unnest(ARRAY['/etc/passwd']) x` reads a file. So behind such an alias only what
 * surely is a column, or a function that may be called anyway, can be named. (With a table or a sub-select
 * as x the call would get a whole row; the built-in functions that take one only print it.)
 * Aliases are compared over the whole statement, whatever their scope: simpler than scopes, and never laxer.
 */
export function misusedAlias(
  aliases: readonly FunctionAlias[],
  columnRef: readonly string[],
): string | undefined {
  const name = columnRef.at(-1);
  if (columnRef.length < 2 || !name || ALLOWED_FUNCTIONS.has(name)) return undefined;
  const qualifier = columnRef.at(-2);
  const misused = aliases.some((alias) => alias.name === qualifier && !alias.columns.has(name));
  if (!misused) return undefined;
  return `"${qualifier}.${name}" can't be used in a source: ${qualifier} is a function in FROM. List its columns, as in FROM f(...) AS ${qualifier}(${name}), or use another alias.`;
}

export type { FunctionAlias };
