/**
 * Trees: nested records whose leaves are all of one kind. A network's parameters are a tree of tensors, a checkpoint a
 * tree of arrays, and every operation on them is a map over the leaves. Paths are joined with ".", as in PyTorch's
 * state dictionaries.
 */

export type Tree<Leaf> = { readonly [name: string]: Leaf | Tree<Leaf> };

/** Leaves by path, in the order in which the records list them. */
export type Leaves<Leaf> = Record<string, Leaf>;

/** The leaves of a tree by their paths. `isLeaf` tells a leaf from a branch. */
export function flatten<Leaf>(tree: Tree<Leaf>, isLeaf: (node: Leaf | Tree<Leaf>) => node is Leaf): Leaves<Leaf> {
  const leaves: Leaves<Leaf> = {};
  const visit = (node: Leaf | Tree<Leaf>, path: string) => {
    if (isLeaf(node)) leaves[path] = node;
    else for (const [name, child] of Object.entries(node)) visit(child, path === "" ? name : `${path}.${name}`);
  };
  visit(tree, "");
  return leaves;
}

/** A new record with every value replaced. */
export function mapLeaves<From, To>(leaves: Leaves<From>, change: (leaf: From, path: string) => To): Leaves<To> {
  return Object.fromEntries(Object.entries(leaves).map(([path, leaf]) => [path, change(leaf, path)]));
}

/** The leaves under `prefix.`, with the prefix taken off. */
export function branch<Leaf>(leaves: Leaves<Leaf>, prefix: string): Leaves<Leaf> {
  const start = `${prefix}.`;
  return Object.fromEntries(
    Object.entries(leaves)
      .filter(([path]) => path.startsWith(start))
      .map(([path, leaf]) => [path.slice(start.length), leaf]),
  );
}

/** The leaves of `leaves`, each under `prefix.`. */
export function prefixed<Leaf>(prefix: string, leaves: Leaves<Leaf>): Leaves<Leaf> {
  return Object.fromEntries(Object.entries(leaves).map(([path, leaf]) => [`${prefix}.${path}`, leaf]));
}
