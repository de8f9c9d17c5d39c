import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { interpret, type Primitive, program } from "../../src/tensor/index.ts";
import { type Built, buildCase, CASES, gradientsOf, PRIMITIVES, weightsOf } from "./cases/index.ts";

type Numbers = readonly (number | string)[];
/** Made by tests/golden/make_primitives.py with NumPy. */
const golden: Partial<Record<Primitive, Record<string, Numbers>>> = JSON.parse(
  readFileSync(new URL("../golden/primitives.json", import.meta.url), "utf8"),
);

const ALL = PRIMITIVES.flatMap((primitive) =>
  CASES[primitive].map((each, number) => ({ name: `${primitive}: ${each.label}`, primitive, number })),
);

/** Both are float64: 1e-9 is far above rounding and far below any wrong formula. */
function expectClose(found: ArrayLike<number>, expected: Numbers, relative = 1e-9): void {
  expect(found.length).toBe(expected.length);
  expected.forEach((value, index) => {
    const number = Number(value);
    const within = Math.abs(found[index] - number) <= relative * (1 + Math.abs(number));
    if (!within && !Object.is(found[index], number)) {
      expect.fail(`element ${index}: found ${found[index]}, expected ${number}`);
    }
  });
}

/** 1e-6, smaller beside a small number; relative where 1e-6 would vanish beside a large one. */
function stepAt(x: number): number {
  const size = Math.abs(x);
  return 1e-6 * (size > 1e5 ? size : size > 0 ? Math.min(1, size) : 1);
}

/** Central differences in float64 of Σ weight · value, taken element by element so that large ones hide no small ones. */
function differences(built: Built, name: string): number[] {
  const whole = program(built.inputs, { y: built.value });
  const weights = weightsOf(built);
  return built.feeds[name].map((x, index) => {
    const [high, low] = [x + stepAt(x), x - stepAt(x)];
    const [after, before] = [high, low].map(
      (moved) => interpret(whole, { ...built.feeds, [name]: built.feeds[name].with(index, moved) }).y.data,
    );
    return weights.reduce((sum, weight, at) => sum + (weight * (after[at] - before[at])) / (high - low), 0);
  });
}

describe("cases of the primitives", () => {
  it("carry labels of their own and are made by their primitive", () => {
    for (const primitive of PRIMITIVES) {
      const labels = CASES[primitive].map((each) => each.label);
      expect(new Set(labels).size, primitive).toBe(labels.length);
      CASES[primitive].forEach((each, number) => {
        const { value } = buildCase(primitive, number);
        const made = primitive === "loop" ? value.operands[0].primitive : value.primitive;
        expect(made, `${primitive}: ${each.label}`).toBe(primitive);
      });
    }
  });
});

describe("values of the reference interpreter", () => {
  it.each(ALL)("$name", ({ primitive, number }) => {
    const built = buildCase(primitive, number);
    const { y } = interpret(program(built.inputs, { y: built.value }), built.feeds);
    const expected = built.case.expected ?? golden[primitive]?.[built.case.label];
    expect(y.shape).toEqual(built.value.shape);
    if (!expected) return expect.fail("no expected values: run tests/golden/make_primitives.py");
    expectClose(y.data, expected);
  });
});

describe("gradients by the rules, in float64", () => {
  const checked = ALL.filter(({ primitive, number }) => CASES[primitive][number].gradient !== "none");
  it.each(checked)("$name", ({ primitive, number }) => {
    const built = buildCase(primitive, number);
    const { wrt, gradients } = gradientsOf(built);
    const outputs = Object.fromEntries(gradients.map((value, index) => [`gradient ${index}`, value]));
    const values = Object.values(interpret(program(built.inputs, outputs), built.feeds));
    const { gradient: check } = built.case;
    wrt.forEach((node, index) => {
      expect(values[index].shape).toEqual(node.shape);
      const expected = Array.isArray(check) ? check[index] : differences(built, node.attributes.name);
      expectClose(values[index].data, expected, 1e-6);
    });
  });
});
