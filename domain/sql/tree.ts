import { NODE_SHAPES } from './grammar';

export type Body = Readonly<Record<string, unknown>>;

export interface TreeNode {
  kind: string;
  body: Body;
}

const isBody = (value: unknown): value is Body =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isPrimitive = (value: unknown): boolean => ['string', 'number', 'boolean'].includes(typeof value);

/** Something in the tree that the grammar's allow-list does not hold. */
export class UnknownPart extends Error {
  constructor(
    readonly kind: string,
    readonly field?: string,
  ) {
    super(field ? `${kind}.${field}` : kind);
    this.name = 'UnknownPart';
  }
}

/** `{Kind: body}` taken apart; `{}` is the parser's way to write no node. */
function unwrap(value: unknown, at: TreeNode, field: string): TreeNode | undefined {
  if (!isBody(value)) throw new UnknownPart(at.kind, field);
  const [entry, ...more] = Object.entries(value);
  if (entry === undefined) return undefined;
  const [kind, body] = entry;
  if (more.length > 0 || !isBody(body)) throw new UnknownPart(at.kind, field);
  return { kind, body };
}

function childrenOf(node: TreeNode): TreeNode[] {
  const shape = NODE_SHAPES.get(node.kind);
  if (!shape) throw new UnknownPart(node.kind);
  const children: TreeNode[] = [];
  for (const [field, value] of Object.entries(node.body)) {
    const inlineKind = Object.hasOwn(shape.inline, field) ? shape.inline[field] : undefined;
    if (shape.values.has(field) && isPrimitive(value)) continue;
    if (inlineKind !== undefined && isBody(value)) children.push({ kind: inlineKind, body: value });
    else if (shape.nodes.has(field)) {
      const list: unknown[] = Array.isArray(value) ? value : [value];
      children.push(...list.flatMap((entry) => unwrap(entry, node, field) ?? []));
    } else throw new UnknownPart(node.kind, field);
  }
  return children;
}

/**
 * Every node of the tree under `root`, which must consist of nothing but what grammar.ts lists. Holds its own
 * stack, since the depth of a tree is the user's.
 * @throws UnknownPart at the first thing that is not listed
 */
export function* walk(root: TreeNode): Generator<TreeNode> {
  const open = [root];
  for (let node = open.pop(); node; node = open.pop()) {
    const children = childrenOf(node);
    yield node;
    // One by one: a spread of a long list would overflow the arguments.
    for (let index = children.length - 1; index >= 0; index -= 1) open.push(children[index] as TreeNode);
  }
}

/** The strings of a list of String nodes: a qualified name. Anything else in it becomes ''. */
export function namesIn(list: unknown): string[] {
  if (!Array.isArray(list)) return [];
  return list.map((entry: unknown) => {
    const text = isBody(entry) && isBody(entry.String) ? entry.String.sval : undefined;
    return typeof text === 'string' ? text : '';
  });
}

export { isBody };
