import { ALLOWED_FUNCTIONS } from './functions';
import { namesIn, type Body, type TreeNode } from './tree';
import { isAllowedType } from './type-names';

/** Catalogs describe the server (roles, settings, other sessions' queries), not the business. */
const isCatalogSchema = (schema: string): boolean =>
  schema.startsWith('pg_') || schema === 'information_schema';

const checkRelation = (body: Body): string | undefined => {
  const { schemaname, relname } = body;
  // pg_catalog comes first in every search path, and everything in it is named pg_*.
  const isCatalog =
    typeof schemaname === 'string' ? isCatalogSchema(schemaname) : String(relname).startsWith('pg_');
  if (!isCatalog) return undefined;
  return `The system catalogs can't be read (${[schemaname, relname].filter(Boolean).join('.')}).`;
};

const checkFunction = (body: Body): string | undefined => {
  const names = namesIn(body.funcname);
  const name = names.at(-1) ?? '';
  const isBuiltIn = names.length === 1 || (names.length === 2 && names[0] === 'pg_catalog');
  return isBuiltIn && ALLOWED_FUNCTIONS.has(name)
    ? undefined
    : `The function ${names.join('.')} can't be used in a source.`;
};

const checkOperator = (list: unknown): string | undefined => {
  const names = namesIn(list);
  return names.length <= 1 || (names.length === 2 && names[0] === 'pg_catalog')
    ? undefined
    : `The operator ${names.join('.')} can't be used in a source: operators are named without a schema.`;
};

const checkType = (body: Body): string | undefined => {
  const names = namesIn(body.names);
  return isAllowedType(names) ? undefined : `The type ${names.join('.')} can't be used in a source.`;
};

/**
 * `(expression).name` is also a call of `name(expression)`: `('/etc/passwd'::text).pg_read_file` reads a file.
 * Which of the two it is, only the server's catalogs tell; `(expression).*` and `[1]` are always harmless.
 */
const checkIndirection = (body: Body): string | undefined => {
  const name = namesIn(body.indirection).find(Boolean);
  if (name === undefined) return undefined;
  return `"(...).${name}" can't be used in a source: name the columns in FROM, or write (...).* there.`;
};

const TIME_VALUES = /^SVFOP_(CURRENT_(DATE|TIME|TIMESTAMP)|LOCALTIME|LOCALTIMESTAMP)(_N)?$/;

const checkValueFunction = (body: Body): string | undefined => {
  const name = String(body.op);
  if (TIME_VALUES.test(name)) return undefined;
  return `${name.replace('SVFOP_', '').toLowerCase()} can't be used in a source.`;
};

const checkSample = (body: Body): string | undefined => {
  const [method, ...more] = namesIn(body.method);
  return more.length === 0 && (method === 'system' || method === 'bernoulli')
    ? undefined
    : 'TABLESAMPLE takes SYSTEM or BERNOULLI.';
};

const RULES: ReadonlyMap<string, (body: Body) => string | undefined> = new Map([
  ['RangeVar', checkRelation],
  ['FuncCall', checkFunction],
  ['A_Expr', (body: Body) => checkOperator(body.name)],
  ['SubLink', (body: Body) => checkOperator(body.operName)],
  ['SortBy', (body: Body) => checkOperator(body.useOp)],
  ['TypeName', checkType],
  ['A_Indirection', checkIndirection],
  ['SQLValueFunction', checkValueFunction],
  ['RangeTableSample', checkSample],
]);

/** What is wrong with this node by itself, in words for a person; undefined where nothing is. */
export const problemOf = (node: TreeNode): string | undefined => RULES.get(node.kind)?.(node.body);
