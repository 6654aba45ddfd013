import type { ErrorDetail } from '../../lib/errors';
import { functionAlias, misusedAlias, type FunctionAlias } from './function-aliases';
import { boundedNesting } from './nesting';
import { parseSql, SqlParserFailure, SqlSyntaxError } from './parser';
import { problemOf } from './rules';
import { isBody, namesIn, UnknownPart, walk, type TreeNode } from './tree';

/** Longest query, characters: what a widget's source takes (source-schemas.ts), again for other callers. */
const MAX_QUERY_CHARACTERS = 20_000;
/** Most problems told at once. */
const MAX_PROBLEMS = 10;

const QUERY = 'source.query';
const PARAMS = 'source.params';
const ONLY_SELECT = 'A source is a single SELECT statement';

/** Readable reasons for what people are likeliest to try; everything else is named by its node's kind. */
const REASONS: ReadonlyMap<string, string> = new Map([
  ['SelectStmt.intoClause', 'SELECT ... INTO makes a table; a source only reads.'],
  ['SelectStmt.lockingClause', 'FOR UPDATE and FOR SHARE lock rows; a source only reads.'],
  ['RangeVar.catalogname', 'Tables are named without a database.'],
  ['XmlExpr', "XML functions can't be used in a source."],
  ['SetToDefault', 'DEFAULT has no meaning in a source.'],
]);

function reasonFor(part: UnknownPart): string {
  const known = REASONS.get(part.message) ?? REASONS.get(part.kind);
  if (known) return known;
  if (part.kind.endsWith('Stmt') && part.field === undefined) {
    return `${ONLY_SELECT}; ${part.kind.replace(/Stmt$/, '').toUpperCase()} can't be used.`;
  }
  return `The query uses something a source can't (${part.message}).`;
}

/** Line and column of an offset in code points, both from 1. */
function place(query: string, offset: number): string {
  const before = Array.from(query).slice(0, offset).join('').split('\n');
  return `line ${before.length}, column ${Array.from(before.at(-1) ?? '').length + 1}`;
}

function statementOf(tree: unknown): TreeNode | string {
  const statements: unknown[] = isBody(tree) && Array.isArray(tree.stmts) ? tree.stmts : [];
  if (statements.length === 0) return 'The query is empty.';
  const [first] = statements;
  if (statements.length > 1) return `${ONLY_SELECT}; this holds ${statements.length}.`;
  const [entry] = isBody(first) && isBody(first.stmt) ? Object.entries(first.stmt) : [];
  if (!entry || !isBody(entry[1])) return `${ONLY_SELECT}.`;
  const [kind, body] = entry;
  return kind === 'SelectStmt' ? { kind, body } : reasonFor(new UnknownPart(kind));
}

function checkParameters(used: ReadonlySet<number>, count: number): ErrorDetail[] {
  const missing = [...used].filter((number) => number < 1 || number > count).sort((a, b) => a - b);
  const unused = Array.from({ length: count }, (_, index) => index + 1).filter((number) => !used.has(number));
  return [
    ...missing.map((number) => ({ path: PARAMS, message: `There is no parameter for $${number}.` })),
    ...unused.map((number) => ({ path: PARAMS, message: `The query doesn't use $${number}.` })),
  ];
}

function checkTree(root: TreeNode, paramCount: number): ErrorDetail[] {
  const problems = new Set<string>();
  const parameters = new Set<number>();
  const columns: string[][] = [];
  const aliases: FunctionAlias[] = [];
  try {
    for (const node of walk(root)) {
      const problem = problemOf(node);
      if (problem) problems.add(problem);
      if (node.kind === 'ParamRef') parameters.add(Number(node.body.number ?? 0));
      if (node.kind === 'ColumnRef') columns.push(namesIn(node.body.fields));
      if (node.kind === 'RangeFunction') {
        const alias = functionAlias(node.body);
        if (alias) aliases.push(alias);
        else problems.add('A function in FROM needs an alias: FROM f(...) AS name.');
      }
    }
  } catch (error) {
    if (!(error instanceof UnknownPart)) throw error;
    return [{ path: QUERY, message: reasonFor(error) }];
  }
  for (const column of columns) {
    const problem = misusedAlias(aliases, column);
    if (problem) problems.add(problem);
  }
  const details = [...problems].map((message) => ({ path: QUERY, message }));
  return [...details, ...checkParameters(parameters, paramCount)].slice(0, MAX_PROBLEMS);
}

/** NUL ends a string in the wire protocol, where what follows would be read as the next field. */
const isPlainText = (text: string): boolean =>
  !text.includes('\0') && Buffer.from(text, 'utf8').toString('utf8') === text;

async function problemsOf(query: string, paramCount: number): Promise<ErrorDetail[]> {
  const problem = (message: string): ErrorDetail[] => [{ path: QUERY, message }];
  if (query.length > MAX_QUERY_CHARACTERS) {
    return problem(`The query is longer than ${MAX_QUERY_CHARACTERS} characters.`);
  }
  if (!isPlainText(query)) return problem('The query holds characters that are not text.');
  try {
    if (!(await boundedNesting(query))) return problem('The query is nested too deeply.');
    const statement = statementOf(await parseSql(query));
    return typeof statement === 'string' ? problem(statement) : checkTree(statement, paramCount);
  } catch (error) {
    if (error instanceof SqlParserFailure) return problem(error.message);
    if (!(error instanceof SqlSyntaxError)) throw error;
    return problem(`The query is not valid SQL: ${error.message} (${place(query, error.offset)}).`);
  }
}

/**
 * Is this a query that a source may run? One SELECT of PostgreSQL's grammar, built from allow-listed parts
 * only (grammar.ts), calling allow-listed functions only (functions.ts), reading no system catalog, with
 * `$1` to `$paramCount` all used. The same check runs when a widget is written and again before it is run.
 *
 * It bounds what a query says, not what a database's owner put behind a table's name: views, operators,
 * policies and functions that shadow a built-in one are theirs, and run in a read-only transaction with
 * limits (workers/sources/sql.ts).
 * @param query at most 20,000 characters
 * @returns undefined when it is fine, else what is wrong, each with the path `source.query` or `source.params`
 */
export async function checkSelect(query: string, paramCount: number): Promise<ErrorDetail[] | undefined> {
  const problems = await problemsOf(query, paramCount);
  return problems.length > 0 ? problems : undefined;
}
