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

/** Runs the cases of one primitive and compares them with the interpreter; integers and booleans exactly. */
export async function conformsTo(runtime: Runtime, primitive: Primitive): Promise<Conformance> {
  const { program, feeds } = caseProgram(primitive);
  const reference = interpret(program, feeds);
  const tolerances = new Map(CASES[primitive].map((each) => [each.label, each.tolerance ?? ABSOLUTE]));
  let session: Session | undefined;
  try {
    session = await runtime.open(toOnnx(program));
    const results = await session.run(arraysFor(program, feeds));
    const problems = program.outputs.flatMap(({ name, value }) => {
      const tolerance = value.dtype === "float32" ? (tolerances.get(name) ?? ABSOLUTE) : 0;
      const { data } = reference[name];
      const found = results[name];
      const place = `${runtime.name}, ${primitive}: ${name}`;
      if (found.length !== data.length) return [`${place}: found ${found.length} numbers, expected ${data.length}`];
      const wrong = data.findIndex((expected: number, index: number) =>
        value.dtype === "float32" ? !agrees(found[index], expected, tolerance) : found[index] !== expected,
      );
      return wrong < 0 ? [] : [`${place}: element ${wrong} is ${found[wrong]}, expected ${Math.fround(data[wrong])}`];
    });
    return { compared: program.outputs.length, problems };
  } catch (error) {
    return { compared: 0, problems: [`${runtime.name}, ${primitive}: ${(error as Error).message}`] };
  } finally {
    await session?.close();
  }
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
