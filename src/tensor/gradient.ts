/**
 * Reverse-mode differentiation: a program's gradient is more of the same program (Griewank and Walther 2008, ch. 3).
 * Values are visited once, after everything that uses them; each hands its gradient on by its rule.
 */
import { type GradientRule, gradientRules } from "./gradients.ts";
import { loop } from "./loop.ts";
import { add, constant, full, gather, reshape, sub } from "./operations.ts";
import type { Node, Primitive, Tensor } from "./primitive.ts";
import { topologicalOrder } from "./program.ts";
import { apply } from "./tensor.ts";

/**
 * Gradients of the scalar `value` with respect to each tensor of `wrt`, of the same shapes; zeros where it does not
 * depend on one. Throws where `value` is no float32 scalar.
 */
export function gradient(value: Tensor, wrt: readonly Tensor[]): Tensor[] {
  if (value.shape.length !== 0 || value.dtype !== "float32") {
    throw new Error(`gradient: found ${value.dtype}[${value.shape.join(", ")}], expected a float32 scalar`);
  }
  return vectorJacobian([{ value, cotangent: constant(1) }], wrt);
}

export interface Seed {
  value: Tensor;
  /** The gradient of the final scalar with respect to `value`, of its shape. */
  cotangent: Tensor;
}

/** Σ cotangent · ∂value/∂wrt over all seeds, for each tensor of `wrt`. */
export function vectorJacobian(seeds: readonly Seed[], wrt: readonly Tensor[]): Tensor[] {
  const order = topologicalOrder(seeds.map((seed) => seed.value));
  const depends = dependants(order, wrt);
  const cotangents = new Map<Tensor, Tensor>();
  const itemCotangents = new Map<Tensor, Map<number, Tensor>>();
  const accumulate = (value: Tensor, cotangent: Tensor) => {
    const known = cotangents.get(value);
    cotangents.set(value, known ? add(known, cotangent) : cotangent);
  };
  for (const { value, cotangent } of seeds) if (depends.has(value)) accumulate(value, cotangent);

  for (const value of order.reverse()) {
    if (value.primitive === "loop") {
      const received = itemCotangents.get(value);
      if (received) handOn(value, loopGradient(value, received), depends, accumulate);
      continue;
    }
    const cotangent = cotangents.get(value);
    if (!cotangent) continue;
    if (value.primitive === "item") {
      const [tuple] = value.operands;
      const received = itemCotangents.get(tuple) ?? new Map<number, Tensor>();
      const { index } = value.attributes;
      const known = received.get(index);
      received.set(index, known ? add(known, cotangent) : cotangent);
      itemCotangents.set(tuple, received);
      continue;
    }
    const rule = gradientRules[value.primitive] as GradientRule<Primitive>;
    handOn(value, rule(value as Node<Primitive>, cotangent), depends, accumulate);
  }
  return wrt.map((tensor) => cotangents.get(tensor) ?? full(0, tensor.shape));
}

function handOn(
  value: Tensor,
  gradients: readonly (Tensor | null)[],
  depends: ReadonlySet<Tensor>,
  accumulate: (value: Tensor, cotangent: Tensor) => void,
): void {
  value.operands.forEach((operand, index) => {
    const cotangent = gradients[index];
    if (cotangent && depends.has(operand)) accumulate(operand, cotangent);
  });
}

/** The values of `order` through which a gradient can reach `wrt`. */
function dependants(order: readonly Tensor[], wrt: readonly Tensor[]): Set<Tensor> {
  const depends = new Set<Tensor>(wrt);
  for (const value of order) {
    if (value.dtype === "float32" && value.operands.some((operand) => depends.has(operand))) depends.add(value);
  }
  return depends;
}

/** The outputs of a loop's body with `values` in the place of its inputs. */
function instantiate(outputs: readonly Tensor[], inputs: readonly Tensor[], values: readonly Tensor[]): Tensor[] {
  const replaced = new Map<Tensor, Tensor>(inputs.map((parameter, index) => [parameter, values[index]]));
  for (const value of topologicalOrder(outputs)) {
    if (replaced.has(value)) continue;
    const operands = value.operands.map((operand) => replaced.get(operand) ?? operand);
    const changed = operands.some((operand, index) => operand !== value.operands[index]);
    replaced.set(value, changed ? ({ ...value, operands } as Tensor) : value);
  }
  return outputs.map((output) => replaced.get(output) ?? output);
}

/**
 * Gradient of a loop: the passes are run backwards. The carried values at the start of every pass are kept by a second
 * run of the loop; each backward pass computes its forward pass again from them, so memory holds one pass at a time.
 */
function loopGradient(tuple: Node<"loop">, received: ReadonlyMap<number, Tensor>): (Tensor | null)[] {
  const { body, count, carried } = tuple.attributes;
  const [pass, ...parameters] = body.inputs;
  const starts = parameters.slice(0, carried);
  const captured = parameters.slice(carried);
  const outputs = body.outputs.map((output) => output.value);
  const stackedGradients = outputs.map((_, index) => (index < carried ? undefined : received.get(index)));

  const remembering = apply("loop", tuple.operands, {
    body: {
      inputs: body.inputs,
      outputs: [...body.outputs, ...starts.map((value, index) => ({ name: `start${index}`, value }))],
    },
    count,
    carried,
  });
  const history = starts.map((_, index) => apply("item", [remembering], { index: outputs.length + index }));

  const moving = starts.filter((start) => start.dtype === "float32");
  const fixed = captured.filter((capture) => capture.dtype === "float32");
  const initial = [
    ...moving.map((start) => received.get(starts.indexOf(start)) ?? full(0, start.shape)),
    ...fixed.map((capture) => full(0, capture.shape)),
  ];
  const backward = loop(count, initial, (step, gradients) => {
    const at = sub(count - 1, step);
    const row = (values: Tensor) => reshape(gather(values, reshape(at, [1])), values.shape.slice(1));
    const values = [at, ...history.map(row), ...tuple.operands.slice(carried)];
    const inner = parameters.map((parameter) => standIn(parameter, values[1 + parameters.indexOf(parameter)]));
    const results = instantiate(outputs, [pass, ...parameters], [at, ...inner]);
    const seeds = results.flatMap((value, index): Seed[] => {
      if (value.dtype !== "float32") return [];
      if (index < carried) return [{ value, cotangent: gradients[moving.indexOf(starts[index])] }];
      const stacked = stackedGradients[index];
      return stacked ? [{ value, cotangent: row(stacked) }] : [];
    });
    const wrt = [...moving, ...fixed].map((parameter) => inner[parameters.indexOf(parameter)]);
    const local = vectorJacobian(seeds, wrt);
    return { carried: local.map((value, index) => (index < moving.length ? value : add(gradients[index], value))) };
  });
  return parameters.map((parameter) => {
    const index = [...moving, ...fixed].indexOf(parameter);
    return index < 0 ? null : backward.carried[index];
  });
}

/** A fresh value equal to `value`: differentiation stops at it, whatever it was made from. */
function standIn(parameter: Tensor, value: Tensor): Tensor {
  return { ...apply("reshape", [value], { shape: parameter.shape }) };
}
