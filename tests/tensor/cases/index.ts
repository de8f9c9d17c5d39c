/**
 * The one list that tests every primitive, wherever it runs: a total table, so that a primitive without cases does not
 * compile. Runs unchanged in Node and in the browser.
 */
import {
  constant,
  gradient,
  input,
  mul,
  type Node,
  type Primitive,
  type Program,
  program,
  sum,
  type Tensor,
} from "../../../src/tensor/index.ts";
import { type Case, spread } from "./case.ts";
import { binaryCases, unaryCases, whereCases } from "./elementwise.ts";
import { loopCases, productCases, reductionCases, sourceCases, structureCases } from "./structure.ts";

export type { Case } from "./case.ts";

export const CASES: { readonly [P in Primitive]: readonly Case[] } = {
  ...sourceCases,
  ...unaryCases,
  ...binaryCases,
  where: whereCases,
  ...reductionCases,
  matmul: productCases,
  ...structureCases,
  ...loopCases,
};

export const PRIMITIVES = Object.keys(CASES) as Primitive[];

/** A case as it stands in a program: its inputs, its value, and what is fed to it. */
export interface Built {
  readonly primitive: Primitive;
  readonly case: Case;
  readonly inputs: readonly Node<"input">[];
  readonly value: Tensor;
  readonly feeds: Readonly<Record<string, readonly number[]>>;
}

export function buildCase(primitive: Primitive, number: number): Built {
  const chosen = CASES[primitive][number];
  const inputs = chosen.operands.map(({ shape, dtype }, index) => input(`${number}.${index}`, shape, dtype));
  const feeds = Object.fromEntries(chosen.operands.map(({ data }, index) => [`${number}.${index}`, data]));
  return { primitive, case: chosen, inputs, value: chosen.build(...inputs), feeds };
}

/** One weight for each element of the value: they differ, or are 1 where the expected gradient is written down. */
export function weightsOf({ value, case: { gradient: check } }: Built): readonly number[] {
  const { data } = spread(value.shape, { low: 0.5, high: 1.5, seed: 99 });
  return check === "differences" ? data : data.map(() => 1);
}

/** The gradients of a case with respect to its float32 operands, null where none is checked. */
export function gradientsOf(built: Built): { wrt: Node<"input">[]; gradients: Tensor[] } {
  const wrt = built.inputs.filter((node) => node.dtype === "float32");
  const checked = built.case.gradient !== "none" && built.value.dtype === "float32";
  if (!checked) return { wrt, gradients: [] };
  const scalar = sum(mul(built.value, constant(weightsOf(built), built.value.shape)));
  return { wrt, gradients: gradient(scalar, wrt) };
}

/** All cases of a primitive, and their gradients, as one program with what is fed to it. */
export function caseProgram(primitive: Primitive): { program: Program; feeds: Record<string, readonly number[]> } {
  const built = CASES[primitive].map((_, number) => buildCase(primitive, number));
  const outputs = built.flatMap((each) => [
    [each.case.label, each.value] as const,
    ...gradientsOf(each).gradients.map((value, index) => [`${each.case.label}, gradient ${index}`, value] as const),
  ]);
  const inputs = built.flatMap((each) => each.inputs);
  return {
    program: program(inputs, Object.fromEntries(outputs)),
    feeds: Object.assign({}, ...built.map((each) => each.feeds)),
  };
}
