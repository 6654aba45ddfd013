const BUILT_IN = `bit bool box bpchar bytea char cidr circle date daterange float4 float8 inet int2 int4
  int4range int8 int8range interval json jsonb jsonpath line lseg macaddr macaddr8 money name numeric numrange path
  point polygon text time timestamp timestamptz timetz tsquery tsrange tstzrange tsvector uuid varbit varchar`;

const BUILT_IN_TYPES: ReadonlySet<string> = new Set(BUILT_IN.split(/\s+/));

/**
 * Types of the catalog that a name without a schema would find: reg* look a name up in the catalogs
 * ('pg_authid'::regclass), pg_* and the rest describe the server, xml has a parser of its own. `_x` is x[].
 */
const CATALOG_TYPE =
  /^_?(reg.*|pg_.*|any.*|internal|cstring|xml|refcursor|oid|oidvector|aclitem|cid|xid8?|tid|txid_.*|gtsvector|record|void|.*handler|trigger)$/;

/**
 * May a query cast to this type? Yes for PostgreSQL's common types and for the database's own (enums,
 * domains), which a name can't tell apart from nothing.
 */
export function isAllowedType(names: readonly string[]): boolean {
  const [schemaOrName, name] = names;
  if (names.length === 1) return schemaOrName !== undefined && !CATALOG_TYPE.test(schemaOrName);
  if (names.length !== 2 || name === undefined || schemaOrName === undefined) return false;
  if (schemaOrName === 'pg_catalog') return BUILT_IN_TYPES.has(name);
  return !schemaOrName.startsWith('pg_') && schemaOrName !== 'information_schema';
}
