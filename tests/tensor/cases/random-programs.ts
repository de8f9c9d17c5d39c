/** Random programs: a pool of values that grows by operations on what is in it. For property tests. */
import fc from "fast-check";
import { type Shape, sizeOf } from "../../../src/base/index.ts";
import type { Program, Tensor } from "../../../src/tensor/index.ts";
import * as t from "../../../src/tensor/index.ts";

type Step = (pool: readonly Tensor[], choose: (count: number) => number) => Tensor | null;
const SHAPES: readonly Shape[] = [[], [3], [2, 3], [1, 3], [3, 2], [2, 1], [2, 2, 3]];

const unary =
  (operation: (x: Tensor) => Tensor): Step =>
  (pool, choose) =>
    operation(pool[choose(pool.length)]);

const binary =
  (operation: (a: Tensor, b: Tensor) => Tensor): Step =>
  (pool, choose) => {
    const [a, b] = [pool[choose(pool.length)], pool[choose(pool.length)]];
    try {
      return operation(a, b);
    } catch {
      return null;
    }
  };

const shapeless =
  (operation: (x: Tensor, choose: (count: number) => number) => Tensor): Step =>
  (pool, choose) => {
    const candidates = pool.filter((value) => value.shape.length > 0 && sizeOf(value.shape) > 0);
    return candidates.length === 0 ? null : operation(candidates[choose(candidates.length)], choose);
  };

const STEPS: readonly Step[] = [
  unary(t.tanh),
  unary(t.neg),
  unary((x) => t.add(x, 0)),
  unary((x) => t.mul(1, x)),
  unary((x) => t.sub(x, 0)),
  unary((x) => t.div(x, 1)),
  unary((x) => t.mul(x, 0.5)),
  unary((x) => t.reshape(x, [sizeOf(x.shape)])),
  unary((x) => t.reshape(x, [...x.shape])),
  unary((x) => t.where(t.less(x, 0.25), x, t.mul(x, 2))),
  unary((x) => t.where(t.constant(1, [], "bool"), x, 0)),
  binary(t.add),
  binary(t.mul),
  binary(t.maximum),
  binary((a, b) => t.minimum(a, t.broadcastTo(b, a.shape))),
  binary((a, b) => t.where(t.less(a, b), a, b)),
  binary((a, b) => t.matmul(a, t.transpose(b))),
  binary((a, b) => t.matmul(t.transpose(a), b)),
  binary((a, b) => t.concat([a, b], 0)),
  binary((a, b) => t.add(t.matmul(a, t.transpose(a)), b)),
  binary((a, b) => t.add(b, t.matmul(a, t.constant([1, -1, 0.5, 2, 0, 1], [3, 2])))),
  binary((a, b) => t.sub(a, t.sum(b, { axes: 0 }))),
  binary((a, b) => t.div(a, t.add(t.abs(b), 1))),
  shapeless((x, choose) => {
    const turn = choose(x.shape.length);
    const axes = [...x.shape.keys()];
    return t.transpose(x, [...axes.slice(turn), ...axes.slice(0, turn)]);
  }),
  shapeless((x) => t.transpose(x, [...x.shape.keys()].reverse())),
  shapeless((x, choose) => t.sum(x, { axes: choose(x.shape.length), keep: choose(2) === 0 })),
  shapeless((x, choose) => t.max(x, { axes: choose(x.shape.length), keep: choose(2) === 0 })),
  shapeless((x) => t.softmax(x)),
  shapeless((x, choose) => t.logSumExp(x, choose(x.shape.length))),
  shapeless((x, choose) => t.cumulativeSum(x, choose(x.shape.length), { reverse: choose(2) === 0 })),
  shapeless((x, choose) => t.gather(x, t.constant([choose(x.shape[0]), 0], [2], "int32"))),
  shapeless((x, choose) => t.slice(x, -1, 0, x.shape[x.shape.length - 1], 1 + choose(3))),
  shapeless((x, choose) => t.pad(x, choose(x.shape.length), choose(2), 1, [0, -0, 1, -2][choose(4)])),
  shapeless((x, choose) => t.slice(x, 0, choose(x.shape[0]), x.shape[0])),
  shapeless((x) => t.loop(2, [x], (_, [y]) => ({ carried: [t.add(t.mul(y, 0.5), t.tanh(x))] })).carried[0]),
];

export interface RandomProgram {
  readonly program: Program;
  readonly feeds: Readonly<Record<"x" | "z", readonly number[]>>;
  /** The largest magnitude of any value, to leave out what float32 cannot follow. */
  readonly largest: number;
  /** How a counterexample is printed. */
  readonly [fc.toStringMethod]: () => string;
}

/** Up to `length` random operations on two inputs and two constants; everything that is made is an output. */
function randomProgram(choices: readonly number[], length: number, gradients: boolean): RandomProgram {
  let next = 0;
  const choose = (count: number) => choices[next++ % choices.length] % count;
  const x = t.input("x", SHAPES[choose(SHAPES.length)]);
  const z = t.input("z", SHAPES[choose(SHAPES.length)]);
  const shape = SHAPES[choose(SHAPES.length)];
  const numbers = Array.from({ length: sizeOf(shape) }, () => choose(5) - 2);
  const pool: Tensor[] = [x, z, t.constant(numbers, shape), t.full(choose(3), SHAPES[choose(SHAPES.length)])];
  for (let made = 0; made < length; made++) {
    const value = STEPS[choose(STEPS.length)](pool, choose);
    if (value && sizeOf(value.shape) <= 64) pool.push(value);
  }
  const outputs = Object.fromEntries(pool.slice(2).map((value, index) => [`y${index}`, value]));
  if (gradients) {
    const loss = pool.map((value) => t.sum(t.tanh(value))).reduce((total, value) => t.add(total, value));
    const [dx, dz] = t.gradient(loss, [x, z]);
    Object.assign(outputs, { loss, dx, dz });
  }
  const program = t.program([x, z], outputs);
  const numbersFor = (tensor: Tensor, phase: number) =>
    Array.from({ length: sizeOf(tensor.shape) }, (_, index) => Math.fround(Math.sin(index * 1.7 + phase) * 1.5));
  const feeds = { x: numbersFor(x, 0.4), z: numbersFor(z, 1.3) };
  const values = Object.values(t.interpret(program, feeds)).flatMap(({ data }) => Array.from(data, Math.abs));
  const shown = `inputs ${x.shape} and ${z.shape}, then ${pool.slice(4).map(({ primitive, shape }) => `${primitive}[${shape}]`)}`;
  return { program, feeds, largest: Math.max(...values), [fc.toStringMethod]: () => shown };
}

/** Random programs; with `gradients` also of Σ tanh of everything, `loss`, its gradients `dx` and `dz`. */
export function randomPrograms({ gradients }: { gradients: boolean }): fc.Arbitrary<RandomProgram> {
  const choices = fc.array(fc.nat(1000), { minLength: 50, maxLength: 150 });
  return fc
    .tuple(choices, fc.integer({ min: 1, max: 25 }))
    .map(([chosen, length]) => randomProgram(chosen, length, gradients));
}
