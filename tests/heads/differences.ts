/** A loss's gradient against central differences, by the interpreter in float64. */
import { expect } from "vitest";
import { gradient, type Node, type Tensor } from "../../src/tensor/index.ts";
import { inFloat64 } from "./both-ways.ts";

/** Every element of the gradient with respect to the first input within 1e-6 of the difference quotient. */
export function expectGradient(
  inputs: readonly Node<"input">[],
  loss: Tensor,
  feeds: Readonly<Record<string, readonly number[]>>,
): void {
  const [{ attributes }] = inputs;
  const given = feeds[attributes.name];
  const found = inFloat64(inputs, { slope: gradient(loss, [inputs[0]])[0] }, feeds).slope;
  const h = 1e-6;
  given.forEach((value, index) => {
    const [after, before] = [h, -h].map(
      (by) => inFloat64(inputs, { loss }, { ...feeds, [attributes.name]: given.with(index, value + by) }).loss[0],
    );
    const expected = (after - before) / (2 * h);
    const error = Math.abs(found[index] - expected) / (1 + Math.abs(expected));
    if (!(error < 1e-6)) expect.fail(`gradient[${index}] is ${found[index]}, difference quotient ${expected}`);
  });
}
