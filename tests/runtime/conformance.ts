/**
 * What every runtime must do: all cases of all primitives, with their gradients, as the reference interpreter does them.
 * Runs unchanged in Node and in the browser; what is wrong comes back as lines of text.
 */
import { sizeOf } from "../../src/base/index.ts";
import { toOnnx } from "../../src/onnx/index.ts";
import type { Runtime, Session } from "../../src/runtime/index.ts";
import { interpret, type Primitive, type Program, type TypedArray, typedArray } from "../../src/tensor/index.ts";
import { CASES, caseProgram, PRIMITIVES } from "../tensor/cases/index.ts";

export interface Conformance {
  readonly compared: number;
  readonly problems: readonly string[];
}

/** float32 against float64: some ten roundings, relative to the number and to 1. */
const RELATIVE = 2e-6;
const ABSOLUTE = 1e-6;

/** What a program is fed, in the storage of its inputs. */
export function arraysFor({ inputs }: Program, feeds: Readonly<Record<string, readonly number[]>>) {
  return Object.fromEntries(
    inputs.map(({ attributes: { name }, shape, dtype }): [string, TypedArray] => {
      const array = typedArray(dtype, sizeOf(shape));
      array.set(feeds[name]);
      return [name, array];
    }),
  );
}

function agrees(found: number, expected: number, tolerance: number): boolean {
  const rounded = Math.fround(expected);
  if (Number.isNaN(rounded) || !Number.isFinite(rounded)) return Object.is(found, rounded);
  return Math.abs(found - rounded) <= tolerance + RELATIVE * Math.abs(rounded);
}

/**
 * Runs a program and compares every output with the interpreter's: integers and booleans exactly, floats to the relative
 * tolerance beside `absolute`. What differs comes back, a line each.
 */
export async function deviations(
  runtime: Runtime,
  program: Program,
  feeds: Readonly<Record<string, readonly number[]>>,
  absolute: (output: string) => number = () => ABSOLUTE,
): Promise<string[]> {
  const reference = interpret(program, feeds);
  let session: Session | undefined;
  try {
    session = await runtime.open(toOnnx(program));
    const results = await session.run(arraysFor(program, feeds));
    return program.outputs.flatMap(({ name, value }) => {
      const { data } = reference[name];
      const found = results[name];
      if (found.length !== data.length) return [`${name}: found ${found.length} numbers, expected ${data.length}`];
      const tolerance = absolute(name);
      const wrong = data.findIndex((expected: number, index: number) =>
        value.dtype === "float32" ? !agrees(found[index], expected, tolerance) : found[index] !== expected,
      );
      return wrong < 0 ? [] : [`${name}: element ${wrong} is ${found[wrong]}, expected ${data[wrong]}`];
    });
  } catch (error) {
    return [(error as Error).message];
  } finally {
    await session?.close();
  }
}

/** The cases of one primitive with their gradients. */
export async function conformsTo(runtime: Runtime, primitive: Primitive): Promise<Conformance> {
  const { program, feeds } = caseProgram(primitive);
  const tolerances = new Map(CASES[primitive].map((each) => [each.label, each.tolerance ?? ABSOLUTE]));
  const problems = await deviations(runtime, program, feeds, (output) => tolerances.get(output) ?? ABSOLUTE);
  return {
    compared: program.outputs.length,
    problems: problems.map((problem) => `${runtime.name}, ${primitive}: ${problem}`),
  };
}

/** Several primitives, one after another. */
export async function conformance(runtime: Runtime, primitives = PRIMITIVES): Promise<Conformance> {
  const all: Conformance[] = [];
  for (const primitive of primitives) all.push(await conformsTo(runtime, primitive));
  return {
    compared: all.reduce((total, { compared }) => total + compared, 0),
    problems: all.flatMap(({ problems }) => problems),
  };
}
