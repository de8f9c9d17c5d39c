/**
 * Programs with loops, each written for a `repeat` that is a loop or its slow plain twin, the same passes one after
 * another. Run in Node and in the browser.
 */
import { type Key, randomKey } from "../../../src/base/index.ts";
import type { LoopBody, LoopResult, Node, Program, Tensor } from "../../../src/tensor/index.ts";
import * as t from "../../../src/tensor/index.ts";
import { spread } from "./case.ts";

export type Repeat = (
  count: number,
  start: readonly Tensor[],
  body: (pass: Tensor, carried: readonly Tensor[]) => LoopBody,
) => LoopResult;

/** The passes written out one after another. `count` is at least 1 where something is stacked. */
export const unrolled: Repeat = (count, start, body) => {
  let carried = [...start];
  const kept: Tensor[][] = [];
  for (let pass = 0; pass < count; pass++) {
    const result = body(t.constant(pass, [], "int32"), carried);
    carried = [...result.carried];
    (result.stacked ?? []).forEach((value, index) => {
      kept[index] = [...(kept[index] ?? []), value];
    });
  }
  return { carried, stacked: kept.map((values) => t.stack(values)) };
};

interface LoopCase {
  readonly label: string;
  /** Named results; of `loss`, a scalar, the gradients with respect to x and w are results too. */
  readonly build: (repeat: Repeat, x: Tensor, w: Tensor, key: Tensor) => Record<string, Tensor>;
}

const row = (values: Tensor, at: Tensor) => t.reshape(t.gather(values, t.reshape(at, [1])), values.shape.slice(1));
const sumOfSquares = (x: Tensor) => t.sum(t.square(x));

/** x `[3, 2]`, w `[2, 2]`, key `[2]`. */
export const LOOP_CASES: readonly LoopCase[] = [
  {
    label: "a recurrent net: rows of x by the number of the pass, one matrix for all, states kept",
    build: (repeat, x, w) => {
      const { carried, stacked } = repeat(3, [t.full(0.1, [1, 2])], (pass, [h]) => {
        const next = t.tanh(t.add(t.matmul(h, w), t.gather(x, t.reshape(pass, [1]))));
        return { carried: [next], stacked: [t.reshape(next, [2])] };
      });
      return { last: carried[0], states: stacked[0], loss: t.add(sumOfSquares(stacked[0]), t.sum(carried[0])) };
    },
  },
  {
    label: "a loop within a loop: the inner one reads the outer's state and what both read from outside",
    build: (repeat, x, w) => {
      const { carried, stacked } = repeat(3, [x], (pass, [outer]) => {
        const scale = t.add(t.cast(pass, "float32"), 1);
        const inner = repeat(2, [t.full(0, [3, 2]), outer], (_, [total, y]) => {
          const next = t.tanh(t.matmul(y, w));
          return { carried: [t.add(total, t.mul(next, t.div(outer, scale))), next], stacked: [t.sum(next)] };
        });
        return { carried: [t.sin(inner.carried[0])], stacked: [inner.stacked[0]] };
      });
      return { last: carried[0], sums: stacked[0], loss: t.add(sumOfSquares(carried[0]), t.sum(stacked[0])) };
    },
  },
  {
    label: "a counter, a random key and noise beside what is differentiated",
    build: (repeat, x, w, key) => {
      const start = [x, t.constant(5, [], "int32"), key];
      const { carried, stacked } = repeat(4, start, (pass, [y, counter, current]) => {
        const next = t.foldInKey(current, pass);
        const noise = t.randomUniform(next, [3, 2]);
        const moved = t.mul(t.matmul(y, w), t.add(noise, 0.5));
        return { carried: [moved, t.sub(t.mul(counter, 2), pass), next], stacked: [counter, next] };
      });
      const [y, counter, last] = carried;
      return { y, counter, last, counters: stacked[0], keys: stacked[1], loss: sumOfSquares(y) };
    },
  },
  {
    label: "carried values that change places, stay, or are replaced by what is read",
    build: (repeat, x, w) => {
      const { carried } = repeat(3, [x, t.mul(x, 2), w, t.full(0, [2, 2])], (_, [a, b, still]) => ({
        carried: [b, t.matmul(a, still), still, w],
      }));
      const [a, b, still, replaced] = carried;
      return { a, b, still, replaced, loss: t.add(t.sum(t.mul(a, b)), t.add(sumOfSquares(still), t.sum(replaced))) };
    },
  },
  {
    label: "only what is kept is used, and a constant among it",
    build: (repeat, x, w) => {
      const { stacked } = repeat(3, [x], (_, [y]) => ({
        carried: [t.matmul(y, w)],
        stacked: [t.max(y, { axes: 0 }), t.constant(7), t.cast(t.less(y, 0), "float32")],
      }));
      return { largest: stacked[0], sevens: stacked[1], negative: stacked[2], loss: sumOfSquares(stacked[0]) };
    },
  },
  {
    label: "one loop after another, both reading the same",
    build: (repeat, x, w) => {
      const first = repeat(2, [x], (_, [y]) => ({ carried: [t.tanh(t.matmul(y, w))], stacked: [y] }));
      const second = repeat(2, [first.carried[0]], (pass, [y]) => ({
        carried: [t.add(t.matmul(y, w), row(first.stacked[0], pass))],
      }));
      return { y: second.carried[0], loss: sumOfSquares(second.carried[0]) };
    },
  },
  {
    label: "training within a loop: the gradient of a recurrent net is taken in every pass",
    build: (repeat, x, w) => {
      const loss = (weight: Tensor) => {
        const { carried } = repeat(3, [t.full(0.1, [1, 2])], (pass, [h]) => ({
          carried: [t.tanh(t.add(t.matmul(h, weight), t.gather(x, t.reshape(pass, [1]))))],
        }));
        return sumOfSquares(carried[0]);
      };
      const { carried, stacked } = repeat(3, [w], (_, [weight]) => {
        const value = loss(weight);
        const [slope] = t.gradient(value, [weight]);
        return { carried: [t.sub(weight, t.mul(slope, 0.1))], stacked: [value] };
      });
      return { weight: carried[0], losses: stacked[0], loss: loss(carried[0]) };
    },
  },
];

export interface LoopProgram {
  readonly program: Program;
  readonly feeds: Readonly<Record<string, readonly number[]>>;
}

const KEY: Key = randomKey(11);

/** A loop case with its gradients as a program. */
export function loopProgram({ build }: LoopCase, repeat: Repeat): LoopProgram {
  const x = t.input("x", [3, 2]);
  const w = t.input("w", [2, 2]);
  const key = t.input("key", [2], "uint32");
  const results = build(repeat, x, w, key);
  const [dx, dw] = t.gradient(results.loss, [x, w]);
  return {
    program: t.program([x, w, key] as Node<"input">[], { ...results, dx, dw }),
    feeds: {
      x: spread([3, 2], { low: -1, high: 1, seed: 5 }).data,
      w: spread([2, 2], { low: -1, high: 1, seed: 6 }).data,
      key: KEY,
    },
  };
}
