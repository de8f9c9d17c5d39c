/** Prints the cases whose values NumPy finds, for tests/golden/make_primitives.py. */
import { buildCase, CASES, PRIMITIVES } from "./index.ts";

const infinite = (_: string, value: unknown) =>
  typeof value === "number" && !Number.isFinite(value) ? String(value) : value;

const listed = PRIMITIVES.map((primitive) => {
  const cases = CASES[primitive].flatMap((each, number) => {
    if (each.expected) return [];
    const { value, inputs } = buildCase(primitive, number);
    const operands = value.operands.map((operand) => each.operands[(inputs as readonly unknown[]).indexOf(operand)]);
    return [[each.label, { operands, attributes: value.attributes }]];
  });
  return [primitive, Object.fromEntries(cases)] as const;
});
console.log(JSON.stringify(Object.fromEntries(listed.filter(([, cases]) => Object.keys(cases).length > 0)), infinite));
