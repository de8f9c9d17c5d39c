/**
 * Trees of tensors, kept flat: a network's parameters, a checkpoint's arrays, whatever has many leaves of one kind. Paths
 * are joined with ".", as in PyTorch's state dictionaries.
 */

/** Leaves by path, in the order in which they were made. */
export type Leaves<Leaf> = Record<string, Leaf>;

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
