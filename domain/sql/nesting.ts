import { scanSql, type SqlToken } from './parser';

/**
 * Deepest a query may nest, in tokens on one path of its tree. The parser's stack holds at least 500 nested
 * sub-selects (1,000 tokens) and 1,000 nested operators on a fresh instance; half of that is left as margin.
 * Written by people, dashboards' queries stay below 100.
 */
const MAX_NESTING = 500;

/** Up to this length nothing can be nested deeper than allowed: a level takes two characters or more. */
const ALWAYS_SHALLOW_CHARACTERS = 1_000;

const OPENS = new Set(['(', '[', 'case']);
const CLOSES = new Set([')', ']', 'end']);
/** What follows one of these is a sibling of what came before: the tree is flat there. */
const SEPARATES = new Set([',', 'and', 'or']);
/** These chain: the tree grows one level deeper with each, whatever stands between them. */
const CHAINS = new Set(['union', 'intersect', 'except', 'join', 'between']);

interface Level {
  chain: number;
  run: number;
  longestRun: number;
  deepestChild: number;
}

const newLevel = (): Level => ({ chain: 0, run: 0, longestRun: 0, deepestChild: 0 });
const depthOf = (level: Level): number => level.chain + level.longestRun + level.deepestChild;

/** An upper bound of how deep the parse tree of these tokens is, found without building it. */
export function nestingBound(tokens: readonly SqlToken[]): number {
  let level = newLevel();
  const parents: Level[] = [];
  const close = () => {
    const parent = parents.pop();
    if (!parent) return;
    parent.deepestChild = Math.max(parent.deepestChild, depthOf(level));
    level = parent;
  };
  for (const { text } of tokens) {
    const token = text.toLowerCase();
    level.run = SEPARATES.has(token) ? 0 : level.run + 1;
    level.longestRun = Math.max(level.longestRun, level.run);
    if (CHAINS.has(token)) level.chain += 1;
    if (OPENS.has(token)) {
      parents.push(level);
      level = newLevel();
    } else if (CLOSES.has(token)) close();
  }
  while (parents.length > 0) close();
  return depthOf(level);
}

/**
 * Can this query be given to the parser? The parser builds its answer recursively on a stack that it does not
 * check, so depth must be bounded before it, from the flat list of tokens.
 * @throws SqlParserFailure where the scanner failed
 */
export async function boundedNesting(query: string): Promise<boolean> {
  if (query.length <= ALWAYS_SHALLOW_CHARACTERS) return true;
  const tokens = await scanSql(query);
  return tokens === undefined || nestingBound(tokens) <= MAX_NESTING;
}
