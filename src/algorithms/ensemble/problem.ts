/**
 * Several members as one training problem: each has parameters of its own, their losses are added (docs/algorithms/gates.md,
 * line 1).
 */
import { branch, type Key, prefixed, randomStream, split } from "../../base/index.ts";
import { add, constant, foldInKey, gather, reshape, slice, type Tensor } from "../../tensor/index.ts";
import type { Problem } from "../../training/index.ts";

/**
 * What the members see of the examples:
 * - `same`: the same batches;
 * - `shuffled`: all examples, each member in an order of its own;
 * - `bootstrap`: each member as many as there are, drawn with replacement (ThriftyDAgger, Hoque et al. 2021).
 */
export type MemberDraws = "same" | "shuffled" | "bootstrap";

export interface MemberOptions {
  /** K. */
  readonly members: number;
  readonly draws: MemberDraws;
  /** Of what each member sees. */
  readonly key: Key;
}

/**
 * The problem of K members, each with the loss of `problem`: parameters of member k under `k.`, noise by a key of its own.
 * As the loss is the sum, each member learns as it would alone: optimizers work number by number, except for clipping.
 */
export function ensembleProblem(problem: Problem, { members, draws, key }: MemberOptions): Problem {
  if (!(Number.isInteger(members) && members >= 1)) {
    throw new RangeError(`members: found ${members}, expected an integer >= 1`);
  }
  const each = Array.from({ length: members }, (_, k) => k);
  const count = problem.exampleCount;
  const seen = draws === "same" ? null : examplesSeen(count, draws, split(key, members));
  const own = each.map((k) => prefixed(String(k), problem.parameters));
  return {
    parameters: Object.assign({}, ...own),
    exampleCount: count,
    columns: {
      ...problem.columns,
      ...(seen && { [SEEN]: { shape: [count, members], dtype: "int32" as const, data: seen } }),
    },
    loss({ parameters, columns, examples, key: update }) {
      const [batch] = examples.shape;
      const numbers = seen && gather(columns[SEEN], examples);
      const losses = each.map((k) =>
        problem.loss({
          parameters: branch(parameters, String(k)),
          columns,
          examples: numbers ? reshape(slice(numbers, 1, k, k + 1), [batch]) : examples,
          key: foldInKey(update, constant(k, [], "int32")),
        }),
      );
      return losses.reduce((sum: Tensor, loss) => add(sum, loss));
    },
  };
}

/** The column in which example e of member k is the number of an example of the problem. */
const SEEN = "seenByMembers";

/** `[count, K]`. */
function examplesSeen(count: number, draws: "shuffled" | "bootstrap", keys: readonly Key[]): Int32Array {
  const seen = new Int32Array(count * keys.length);
  keys.forEach((key, k) => {
    const stream = randomStream(key);
    const order = draws === "shuffled" ? stream.permutation(count) : null;
    for (let i = 0; i < count; i++) seen[i * keys.length + k] = order ? order[i] : stream.integer(0, count);
  });
  return seen;
}
