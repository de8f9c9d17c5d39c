/** A program that trains: a small network, its gradient and Adam (Kingma and Ba 2015, algorithm 1) in one loop. */

import type { Tensor } from "../../../src/tensor/index.ts";
import * as t from "../../../src/tensor/index.ts";
import { spread } from "./case.ts";
import type { LoopProgram } from "./loops.ts";

const UPDATES = 5;
const [RATE, BETA1, BETA2, EPSILON] = [0.01, 0.9, 0.999, 1e-8];
const SHAPES = { w1: [8, 3], b1: [8], w2: [2, 8], b2: [2] } as const;

/** Mean squared error of a tanh layer and a linear one; weights are `[out, in]`. */
function lossOf([w1, b1, w2, b2]: readonly Tensor[], x: Tensor, y: Tensor): Tensor {
  const hidden = t.tanh(t.add(t.matmul(x, w1, { transposeB: true }), b1));
  const predicted = t.add(t.matmul(hidden, w2, { transposeB: true }), b2);
  return t.mean(t.square(t.sub(predicted, y)));
}

/** Data x `[20, 3]`, y `[20, 2]`; rows `[5, 6]`: the examples of every update. */
export function trainingProgram(): LoopProgram {
  const [x, y] = [t.input("x", [20, 3]), t.input("y", [20, 2])];
  const rows = t.input("rows", [UPDATES, 6], "int32");
  const names = Object.keys(SHAPES) as (keyof typeof SHAPES)[];
  const start = names.map((name) => t.input(name, SHAPES[name]));
  const zeros = names.map((name) => t.full(0, SHAPES[name]));
  const count = names.length;

  const { carried, stacked } = t.loop(UPDATES, [...start, ...zeros, ...zeros], (pass, state) => {
    const parameters = state.slice(0, count);
    const chosen = t.reshape(t.gather(rows, t.reshape(pass, [1])), [6]);
    const loss = lossOf(parameters, t.gather(x, chosen), t.gather(y, chosen));
    const gradients = t.gradient(loss, parameters);
    const first = gradients.map((g, index) => t.add(t.mul(state[count + index], BETA1), t.mul(g, 1 - BETA1)));
    const second = gradients.map((g, index) =>
      t.add(t.mul(state[2 * count + index], BETA2), t.mul(t.square(g), 1 - BETA2)),
    );
    const update = t.add(t.cast(pass, "float32"), 1);
    const [correction1, correction2] = [BETA1, BETA2].map((beta) => t.sub(1, t.pow(beta, update)));
    const moved = parameters.map((parameter, index) => {
      const scale = t.add(t.sqrt(t.div(second[index], correction2)), EPSILON);
      return t.sub(parameter, t.mul(t.div(t.div(first[index], correction1), scale), RATE));
    });
    return { carried: [...moved, ...first, ...second], stacked: [loss] };
  });
  const trained = Object.fromEntries(names.map((name, index) => [`${name} trained`, carried[index]]));
  return {
    program: t.program([x, y, rows, ...start], { losses: stacked[0], ...trained }),
    feeds: {
      x: spread([20, 3], { seed: 1 }).data,
      y: spread([20, 2], { seed: 2 }).data,
      rows: Array.from({ length: UPDATES * 6 }, (_, index) => (index * 7) % 20),
      ...Object.fromEntries(
        names.map((name, seed) => [name, spread(SHAPES[name], { low: -0.5, high: 0.5, seed }).data]),
      ),
    },
  };
}
