/**
 * A chain of records that carry their own links, so that joining at the end and leaving from anywhere are a few writes
 * and no allocation. A record stands in one chain at a time.
 */

/** What a record needs to stand in a chain. */
export interface Link<Node> {
  /** The chain it stands in; null for none. */
  chain: Chain<Node> | null;
  before: Node | null;
  after: Node | null;
}

/** First in, first out, unless somebody leaves earlier. */
export interface Chain<Node> {
  head: Node | null;
  tail: Node | null;
}

/** An empty chain. */
export function createChain<Node>(): Chain<Node> {
  return { head: null, tail: null };
}

/** Joins the end of a chain; leaves the one it stood in. */
export function append<Node extends Link<Node>>(chain: Chain<Node>, node: Node): void {
  unlink(node);
  node.chain = chain;
  node.before = chain.tail;
  if (chain.tail === null) chain.head = node;
  else chain.tail.after = node;
  chain.tail = node;
}

/** Leaves its chain, if it stands in one. */
export function unlink<Node extends Link<Node>>(node: Node): void {
  const { chain, before, after } = node;
  if (chain === null) return;
  if (before === null) chain.head = after;
  else before.after = after;
  if (after === null) chain.tail = before;
  else after.before = before;
  node.chain = null;
  node.before = null;
  node.after = null;
}
