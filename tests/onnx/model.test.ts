import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InputError } from "../../src/base/index.ts";
import { decodeModel, type ModelProto, OPSET, toOnnx } from "../../src/onnx/index.ts";
import { encodeModel } from "../../src/onnx/schema.ts";
import * as t from "../../src/tensor/index.ts";
import { caseProgram, PRIMITIVES } from "../tensor/cases/index.ts";
import { LOOP_CASES, loopProgram } from "../tensor/cases/loops.ts";

const PROGRAMS = [
  ...PRIMITIVES.map((primitive) => ({ name: primitive as string, program: caseProgram(primitive).program })),
  ...LOOP_CASES.map((each) => ({ name: each.label, program: loopProgram(each, t.loop).program })),
];

describe("a model file", () => {
  it.each(PROGRAMS)("read and written again is the same bytes: $name", ({ program }) => {
    const bytes = toOnnx(program);
    expect(encodeModel(decodeModel(bytes))).toEqual(bytes);
  });

  it("says who made it, for which opset, and carries its metadata", () => {
    const x = t.input("x", [2, 3]);
    const metadata = { "apprentice.rate": "10", ünïcode: "± “quoted”\nline", empty: "" };
    const model = decodeModel(toOnnx(t.program([x], { y: t.relu(x) }), { name: "policy", metadata }));
    expect(model.irVersion).toBe(9);
    expect(model.producerName).toBe("apprentice");
    expect(model.opsetImport).toEqual([{ domain: "", version: OPSET }]);
    expect(Object.fromEntries(model.metadataProps.map(({ key, value }) => [key, value]))).toEqual(metadata);
    expect(model.graph.name).toBe("policy");
    expect(model.graph.node).toEqual([{ input: ["x"], output: ["y"], opType: "Relu", attribute: [] }]);
    const port = (name: string) => ({
      name,
      type: { tensorType: { elemType: 1, shape: { dim: [{ dimValue: 2 }, { dimValue: 3 }] } } },
    });
    expect(model.graph.input).toEqual([port("x")]);
    expect(model.graph.output).toEqual([port("y")]);
  });

  it("holds what any model holds", () => {
    const names = fc.string({ maxLength: 12 });
    const lengths = fc.array(fc.integer({ min: 0, max: 2 ** 40 }), { maxLength: 4 });
    const model: fc.Arbitrary<ModelProto> = fc.record({
      irVersion: fc.nat(),
      producerName: names,
      producerVersion: names,
      docString: names,
      opsetImport: fc.array(fc.record({ domain: names, version: fc.nat() }), { maxLength: 2 }),
      metadataProps: fc.array(fc.record({ key: names, value: names }), { maxLength: 3 }),
      graph: fc.record({
        name: names,
        node: fc.array(
          fc.record({
            input: fc.array(names, { maxLength: 3 }),
            output: fc.array(names, { maxLength: 2 }),
            opType: names,
            attribute: fc.array(
              fc.record({
                name: names,
                type: fc.nat(20),
                i: fc.maxSafeInteger(),
                f: fc.float({ noNaN: true }),
                s: fc.uint8Array({ maxLength: 8 }),
                ints: fc.array(fc.maxSafeInteger(), { maxLength: 3 }),
              }),
              { maxLength: 2 },
            ),
          }),
          { maxLength: 3 },
        ),
        initializer: fc.array(
          fc.record({ dims: lengths, dataType: fc.nat(20), name: names, rawData: fc.uint8Array({ maxLength: 40 }) }),
          { maxLength: 2 },
        ),
        input: fc.constant([]),
        output: fc.array(
          fc.record({
            name: names,
            type: fc.record({
              tensorType: fc.record({
                elemType: fc.nat(20),
                shape: fc.record({ dim: lengths.map((all) => all.map((dimValue) => ({ dimValue }))) }),
              }),
            }),
          }),
          { maxLength: 2 },
        ),
      }),
    });
    fc.assert(
      fc.property(model, (original) => {
        expect(decodeModel(encodeModel(original))).toEqual(original);
      }),
    );
  });
});

describe("bytes that are no model", () => {
  const whole = toOnnx(caseProgram("matmul").program);

  it.each([
    ["nothing", new Uint8Array(0), /found 0 bytes, no ONNX file: it has no graph$/],
    ["text", new TextEncoder().encode("this is no model, only a line of text"), /found 37 bytes, no ONNX file: /],
    ["zeros", new Uint8Array(100), /found 100 bytes, no ONNX file: /],
    ["half a model", whole.slice(0, whole.length / 2), /no ONNX file: /],
  ])("are refused in one line: %s", (_, bytes, message) => {
    expect(() => decodeModel(bytes)).toThrow(InputError);
    expect(() => decodeModel(bytes)).toThrow(message);
  });

  it("never break the reader otherwise than by an InputError", () => {
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), fc.nat(whole.length), (at, byte, length) => {
        const damaged = whole.slice(0, Math.max(at + 1, length));
        damaged[at] = byte;
        try {
          decodeModel(damaged);
        } catch (error) {
          expect(error).toBeInstanceOf(InputError);
          expect((error as Error).message).not.toContain("\n");
        }
      }),
      { numRuns: 500 },
    );
  });
});
