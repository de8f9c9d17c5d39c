/** Reading the golden values that tests/golden/make_golden.py made with PyTorch in float64, and comparing with them. */
import { readFileSync } from "node:fs";
import { expect } from "vitest";
import { type Leaves, mapLeaves } from "../../src/base/index.ts";
import type { ParameterSpec } from "../../src/nn/index.ts";
import {
  add,
  gradient,
  input,
  interpret,
  mul,
  type Node,
  program,
  sum,
  type Tensor,
  transpose,
  type Value,
} from "../../src/tensor/index.ts";

export interface GoldenTensor {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}
type Named = Readonly<Record<string, GoldenTensor>>;

export interface GoldenCase {
  readonly name: string;
  readonly options: Readonly<Record<string, number | boolean | string>>;
  readonly inputs: Named;
  readonly parameters: Named;
  readonly outputs: Named;
  readonly given: Named;
  readonly gradients: Named;
}

export function golden<Content>(file: string): Content {
  return JSON.parse(readFileSync(new URL(`../golden/${file}.json`, import.meta.url), "utf8"));
}

/** Inputs of a program for named tensors. */
export function inputsLike(tensors: Named, integers: readonly string[] = []): Record<string, Node<"input">> {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, { shape }]) => [
      name,
      input(name, shape, integers.includes(name) ? "int32" : "float32"),
    ]),
  );
}

/** Each within `relative` of the expected number, or within `relative` of the tensor's largest. */
export function expectClose(actual: Value, expected: GoldenTensor, relative: number, what: string): void {
  expect(actual.shape, `${what}: shape`).toEqual(expected.shape);
  const largest = Math.max(...expected.data.map(Math.abs), 1e-3);
  expected.data.forEach((number, index) => {
    const difference = Math.abs(actual.data[index] - number);
    if (!(difference <= relative * largest)) {
      expect.fail(`${what}[${index}]: found ${actual.data[index]}, expected ${number}`);
    }
  });
}

/**
 * Values and gradients of a case against PyTorch's, by the reference interpreter in float64. `compute` makes the
 * outputs from the inputs and the parameters; gradients are those of Σ output · given.
 */
export function checkCase(
  { name, inputs, parameters, outputs, given, gradients }: GoldenCase,
  compute: (parameters: Record<string, Tensor>, inputs: Record<string, Tensor>) => Record<string, Tensor>,
  { relative = 1e-7, integers = [] as string[] } = {},
): void {
  const nodes = { ...inputsLike(inputs, integers), ...inputsLike(parameters) };
  const pick = (named: Named) => Object.fromEntries(Object.keys(named).map((key) => [key, nodes[key]]));
  const weights = inputsLike(Object.fromEntries(Object.entries(given).map(([key, value]) => [`given ${key}`, value])));
  const results = compute(pick(parameters), pick(inputs));
  const terms = Object.keys(outputs).map((key) => sum(mul(results[key], weights[`given ${key}`])));
  const loss = terms.reduce((a, b) => add(a, b));
  const names = Object.keys(gradients);
  const slopes = gradient(
    loss,
    names.map((key) => nodes[key]),
  );
  const found = interpret(
    program([...Object.values(nodes), ...Object.values(weights)], {
      ...Object.fromEntries(Object.keys(outputs).map((key) => [`value ${key}`, results[key]])),
      ...Object.fromEntries(names.map((key, index) => [`gradient ${key}`, slopes[index]])),
    }),
    Object.fromEntries([
      ...Object.entries({ ...inputs, ...parameters }).map(([key, { data }]) => [key, data]),
      ...Object.entries(given).map(([key, { data }]) => [`given ${key}`, data]),
    ]),
  );
  for (const key of Object.keys(outputs)) expectClose(found[`value ${key}`], outputs[key], relative, `${name}: ${key}`);
  for (const key of names) {
    expectClose(found[`gradient ${key}`], gradients[key], relative, `${name}: gradient of ${key}`);
  }
}

/** Parameters in PyTorch's layout as our layers take them, inside a program. */
export function stored(specs: Leaves<ParameterSpec>, parameters: Record<string, Tensor>): Record<string, Tensor> {
  return mapLeaves(specs, ({ torchAxes }, path) => {
    const value = parameters[path];
    return torchAxes
      ? transpose(
          value,
          torchAxes.map((_, axis) => torchAxes.indexOf(axis)),
        )
      : value;
  });
}
