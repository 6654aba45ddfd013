import { compile, getRegisteredFunctions, tokenize } from '@jmespath-community/jmespath';

type Node = ReturnType<typeof compile>;

const reasonOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).replace(/^Syntax error[:,]\s*/i, '');

/** Does this much of an expression still have a right end? Then all that the parser misses is more text. */
function isViablePrefix(text: string): boolean {
  try {
    compile(text);
    return true;
  } catch (error) {
    return /\(EOF\)|got: EOF/.test(reasonOf(error));
  }
}

/** The first character that no token begins with. */
function lexicalErrorAt(expression: string): number {
  for (let end = expression.length; end > 0; end -= 1) {
    try {
      tokenize(expression.slice(0, end));
      return end;
    } catch {
      // Still too long.
    }
  }
  return 0;
}

/**
 * Where the library stopped understanding: it doesn't tell, so it is found by bisecting for the longest
 * beginning that could still become an expression.
 * @returns index of the offending character; the length when the expression ends too early
 */
function errorAt(expression: string): number {
  let tokens: ReturnType<typeof tokenize>;
  try {
    tokens = tokenize(expression);
  } catch {
    return lexicalErrorAt(expression);
  }
  const endOf = (index: number): number => tokens[index + 1]?.start ?? expression.length;
  let [low, high] = [0, tokens.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isViablePrefix(expression.slice(0, endOf(middle)))) low = middle + 1;
    else high = middle;
  }
  return tokens[low]?.start ?? expression.length;
}

/** The first function that does not exist, in the order of reading. */
function unknownFunction(node: Node): string | undefined {
  const known = new Set(getRegisteredFunctions());
  const visit = (part: unknown): string | undefined => {
    if (part === null || typeof part !== 'object') return undefined;
    if ('type' in part && part.type === 'Literal') return undefined;
    if ('type' in part && part.type === 'Function' && 'name' in part && !known.has(String(part.name))) {
      return String(part.name);
    }
    for (const child of Object.values(part)) {
      const found = visit(child);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return visit(node);
}

/**
 * What is wrong with a JMESPath expression, for whoever writes it. Parsing takes linear time, and the schema of
 * `select` bounds the length (2,000 characters: 1 ms), so it needs no process of its own as evaluating does.
 * @returns a sentence with the position, counted from 1, or undefined when it is right
 */
export function checkExpression(expression: string): string | undefined {
  let node: Node;
  try {
    node = compile(expression);
  } catch (error) {
    return `At character ${errorAt(expression) + 1}: ${reasonOf(error)}`;
  }
  const missing = unknownFunction(node);
  return missing === undefined ? undefined : `There is no function "${missing}".`;
}
