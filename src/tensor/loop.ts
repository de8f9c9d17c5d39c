/**
 * Loops with carried state. The body is written as a function of its own variables; whatever it uses besides them is
 * computed once, outside, and handed in: a value that does not depend on the loop never runs twice.
 */
import type { Node, Program, Tensor } from "./primitive.ts";
import { topologicalOrder } from "./program.ts";
import { apply, input } from "./tensor.ts";

export interface LoopBody {
  /** The carried values for the next pass, in the order in which they came in, with the same shapes and types. */
  carried: readonly Tensor[];
  /** Values of this pass that are kept: each comes out of the loop stacked along a new axis 0. */
  stacked?: readonly Tensor[];
}

export interface LoopResult {
  /** The carried values after the last pass. */
  carried: Tensor[];
  /** The kept values of all passes, `[count, …]`. */
  stacked: Tensor[];
}

/**
 * Runs `body` `count` times. It receives the number of the pass (int32 scalar, from 0) and the carried values.
 * Throws where a carried value comes back with another shape or type.
 */
export function loop(
  count: number,
  start: readonly Tensor[],
  body: (pass: Tensor, carried: readonly Tensor[]) => LoopBody,
): LoopResult {
  const pass = input("pass", [], "int32");
  const parameters = start.map((value, index) => input(`carried${index}`, value.shape, value.dtype));
  const { carried, stacked = [] } = body(pass, parameters);
  if (carried.length !== start.length) {
    throw new Error(`loop: ${start.length} carried values go in, ${carried.length} come back`);
  }
  const results = [...carried, ...stacked];
  const { inputs: captured, outputs } = closeOver([pass, ...parameters], results);
  const program: Program = {
    inputs: [pass, ...parameters, ...captured.map((capture) => capture.parameter)],
    outputs: outputs.map((value, index) => ({
      name: index < carried.length ? `carried${index}` : `stacked${index - carried.length}`,
      value,
    })),
  };
  const tuple = apply("loop", [...start, ...captured.map((capture) => capture.value)], {
    body: program,
    count,
    carried: carried.length,
  });
  const items = results.map((_, index) => apply("item", [tuple], { index }));
  return { carried: items.slice(0, carried.length), stacked: items.slice(carried.length) };
}

interface Capture {
  readonly parameter: Node<"input">;
  readonly value: Tensor;
}

/**
 * Replaces every largest part of `results` that does not depend on `parameters` by a parameter of its own. Scalar
 * constants stay in the body, where they can be folded.
 */
function closeOver(
  parameters: readonly Tensor[],
  results: readonly Tensor[],
): { inputs: Capture[]; outputs: Tensor[] } {
  const replaced = new Map<Tensor, Tensor>(parameters.map((parameter) => [parameter, parameter]));
  const varies = new Set<Tensor>(parameters);
  const inputs: Capture[] = [];
  const inBody = (value: Tensor): Tensor => {
    const known = replaced.get(value);
    if (known) return known;
    if (value.primitive === "constant" && value.shape.length === 0) return value;
    const parameter = input(`captured${inputs.length}`, value.shape, value.dtype);
    inputs.push({ parameter, value });
    replaced.set(value, parameter);
    return parameter;
  };
  for (const value of topologicalOrder(results)) {
    if (varies.has(value) || !value.operands.some((operand) => varies.has(operand))) continue;
    varies.add(value);
    replaced.set(value, { ...value, operands: value.operands.map(inBody) } as Tensor);
  }
  return { inputs, outputs: results.map(inBody) };
}
