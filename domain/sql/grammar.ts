/**
 * The part of PostgreSQL's grammar that a source may use, as an allow-list of the parse tree's node kinds and,
 * for each, of its fields. What is not here is refused, and so is what a later PostgreSQL adds. Left out on
 * purpose: every statement but SELECT, `intoClause` and `lockingClause` of SELECT, XML, SQL/JSON constructors,
 * JSON_TABLE and XMLTABLE.
 */
export interface NodeShape {
  /** Fields that hold a node, or a list of nodes, each wrapped as `{Kind: {...}}`. */
  nodes: ReadonlySet<string>;
  /** Fields that hold a string, a number or a boolean. */
  values: ReadonlySet<string>;
  /** Fields that hold the body of a node of the one kind that is possible there. */
  inline: Readonly<Record<string, string>>;
}

const words = (text: string): ReadonlySet<string> => new Set(text.split(' ').filter(Boolean));

const shape = (nodes: string, values = '', inline: Record<string, string> = {}): NodeShape => ({
  nodes: words(nodes),
  values: words(`${values} location`),
  inline,
});

const SELECT_LISTS = 'distinctClause targetList fromClause groupClause windowClause valuesLists sortClause';

export const NODE_SHAPES: ReadonlyMap<string, NodeShape> = new Map(
  Object.entries({
    // Queries
    SelectStmt: shape(
      `${SELECT_LISTS} whereClause havingClause limitOffset limitCount`,
      'limitOption groupDistinct op all',
      { withClause: 'WithClause', larg: 'SelectStmt', rarg: 'SelectStmt' },
    ),
    WithClause: shape('ctes', 'recursive'),
    CommonTableExpr: shape('aliascolnames ctequery', 'ctename ctematerialized'),
    ResTarget: shape('val', 'name'),
    SortBy: shape('node useOp', 'sortby_dir sortby_nulls'),
    WindowDef: shape('partitionClause orderClause startOffset endOffset', 'name refname frameOptions'),
    GroupingSet: shape('content', 'kind'),

    // What a query reads
    RangeVar: shape('', 'schemaname relname inh relpersistence', { alias: 'Alias' }),
    RangeSubselect: shape('subquery', 'lateral', { alias: 'Alias' }),
    RangeFunction: shape('functions coldeflist', 'lateral ordinality is_rowsfrom', { alias: 'Alias' }),
    RangeTableSample: shape('relation method args repeatable'),
    JoinExpr: shape('larg rarg usingClause quals', 'jointype isNatural rtindex', {
      alias: 'Alias',
      join_using_alias: 'Alias',
    }),
    Alias: shape('colnames', 'aliasname'),
    ColumnDef: shape('', 'colname is_local', { typeName: 'TypeName', collClause: 'CollateClause' }),

    // Expressions
    ColumnRef: shape('fields'),
    ParamRef: shape('', 'number'),
    A_Const: shape('', 'isnull', {
      ival: 'Integer',
      fval: 'Float',
      boolval: 'Boolean',
      sval: 'String',
      bsval: 'BitString',
    }),
    A_Expr: shape('name lexpr rexpr', 'kind rexpr_list_start rexpr_list_end'),
    BoolExpr: shape('args', 'boolop'),
    NullTest: shape('arg', 'nulltesttype argisrow'),
    BooleanTest: shape('arg', 'booltesttype'),
    CaseExpr: shape('arg args defresult'),
    CaseWhen: shape('expr result'),
    CoalesceExpr: shape('args'),
    MinMaxExpr: shape('args', 'op'),
    RowExpr: shape('args', 'row_format'),
    A_ArrayExpr: shape('elements', 'list_start list_end'),
    A_Indirection: shape('arg indirection'),
    A_Indices: shape('lidx uidx', 'is_slice'),
    A_Star: shape(''),
    SubLink: shape('testexpr operName subselect', 'subLinkType subLinkId'),
    FuncCall: shape(
      'funcname args agg_order agg_filter',
      'agg_within_group agg_star agg_distinct func_variadic funcformat',
      { over: 'WindowDef' },
    ),
    NamedArgExpr: shape('arg', 'name argnumber'),
    GroupingFunc: shape('args'),
    SQLValueFunction: shape('', 'op typmod'),
    TypeCast: shape('arg', '', { typeName: 'TypeName' }),
    TypeName: shape('names typmods arrayBounds', 'typemod'),
    CollateClause: shape('arg collname'),

    // Values
    List: shape('items'),
    String: shape('', 'sval'),
    Integer: shape('', 'ival'),
    Float: shape('', 'fval'),
    Boolean: shape('', 'boolval'),
    BitString: shape('', 'bsval'),
  }),
);
