import { beforeAll, describe, expect, it } from "vitest";
import { foldIn, randomStream, threefry } from "../../src/base/index.ts";
import { nodeRuntime } from "../../src/runtime/node.ts";
import { webRuntime } from "../../src/runtime/web.ts";
import { input, randomIntegers, type TypedArray } from "../../src/tensor/index.ts";
import { COUNTS, DRAW_KEY, DRAWS, draws, FOLDED, referenceDraws } from "./draws.ts";

const reference = referenceDraws();
const HALF = Math.ceil(DRAWS / 2);

/** The largest difference between elements of `a` and those of `b` at the same places. */
function furthest(a: TypedArray, b: TypedArray): number {
  return Array.from(a).reduce((most, value, index) => Math.max(most, Math.abs(value - b[index])), 0);
}

describe("random numbers of the reference", () => {
  it("are the words of the host's stream: first words of all blocks, then second words", () => {
    const stream = randomStream(DRAW_KEY);
    const words = Array.from({ length: 2 * HALF }, () => stream.bits());
    const [first, second] = [0, 1].map((word) => words.filter((_, index) => index % 2 === word));
    expect(Array.from(reference.bits)).toEqual([...first, ...second].slice(0, DRAWS));
  });

  it("are uniform as the host's are", () => {
    const stream = randomStream(DRAW_KEY);
    const pairs = Array.from({ length: HALF }, () => [stream.uniform(), stream.uniform()]);
    expect(Array.from(reference.uniforms).slice(0, HALF)).toEqual(pairs.map(([first]) => first));
  });

  it("are the host's normals to 1e-6, the cosines of the blocks", () => {
    const stream = randomStream(DRAW_KEY);
    const host = Float64Array.from({ length: HALF }, () => stream.normal());
    expect(furthest(host, reference.normals)).toBeLessThan(1e-6);
  });

  it("are normal: moments and the distance to the distribution", () => {
    const { normals } = reference;
    const moment = (power: number) => Array.from(normals).reduce((sum, value) => sum + value ** power, 0) / DRAWS;
    // four standard deviations of the means of z, z², z³, z⁴: √(1, 2, 15, 96)/√n; the two halves share radii, so twice that for even powers
    const within = (variance: number) => 4 * Math.sqrt(variance / DRAWS);
    expect(Math.abs(moment(1))).toBeLessThan(within(1));
    expect(Math.abs(moment(2) - 1)).toBeLessThan(2 * within(2));
    expect(Math.abs(moment(3))).toBeLessThan(within(15));
    expect(Math.abs(moment(4) - 3)).toBeLessThan(2 * within(96));
  });

  it.each(COUNTS)("are whole numbers below %d: the uniform times the count, cut", (count) => {
    const found = reference[`integers below ${count}`];
    // both factors have 24 bits: the product is exact in float64
    expect(found.every((value: number, index: number) => value === Math.floor(reference.uniforms[index] * count))).toBe(
      true,
    );
    expect(found.every((value: number) => value >= 0 && value < count)).toBe(true);
  });

  it("fold numbers into keys as the host does", () => {
    expect([...reference.folded]).toEqual([...foldIn(DRAW_KEY, FOLDED)]);
  });

  it("fold and draw inside a loop as outside", () => {
    let key = DRAW_KEY;
    const bits = [0, 1, 2, 3, 4].flatMap((pass) => {
      key = foldIn(key, pass);
      const [first, second] = [threefry(key, 0, 0), threefry(key, 0, 1)];
      return [first[0], second[0], first[1]];
    });
    expect([...reference["bits of the passes"]]).toEqual(bits);
    expect([...reference["last key"]]).toEqual([...key]);
  });

  it.each([0, -1, 1.5, 2 ** 24 + 1])("are refused below %d", (count) => {
    expect(() => randomIntegers(input("key", [2], "uint32"), [3], count)).toThrow(
      new RangeError(`randomIntegers: found ${count}, expected a whole number from 1 to 2^24`),
    );
  });
});

describe.each([
  { name: "onnxruntime-node", open: async () => nodeRuntime() },
  { name: "onnxruntime-web, WASM in Node", open: () => webRuntime() },
])("random numbers of $name", ({ open }) => {
  let found: Record<string, TypedArray>;
  beforeAll(async () => {
    found = await draws(await open());
  });

  it("are the reference's: words, uniforms and integers exactly", () => {
    for (const [name, expected] of Object.entries(reference)) {
      if (name === "normals") continue;
      expect(found[name].length, name).toBe(expected.length);
      expect(
        expected.every((value: number, index: number) => value === found[name][index]),
        name,
      ).toBe(true);
    }
  });

  it("are the reference's normals to 1e-6", () => {
    expect(furthest(reference.normals, found.normals)).toBeLessThan(1e-6);
  });
});
