import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { interpret } from "../../src/tensor/index.ts";
import { type RandomProgram, randomPrograms } from "./cases/random-programs.ts";

/** Fixed: a random program may stand on a kink, where differences are those of neither side. */
const SEED = 20_261_123;

/** Central differences of the loss of a random program, in float64. */
function differences({ program, feeds }: RandomProgram, name: "x" | "z"): number[] {
  const h = 1e-6;
  return feeds[name].map((value, index) => {
    const [after, before] = [h, -h].map(
      (by) => interpret(program, { ...feeds, [name]: feeds[name].with(index, value + by) }).loss.data[0],
    );
    return (after - before) / (2 * h);
  });
}

describe("the gradient of whatever is put together", () => {
  it("agrees with central differences", () => {
    fc.assert(
      fc.property(randomPrograms({ gradients: true }), (random) => {
        fc.pre(random.largest < 1e3);
        const found = interpret(random.program, random.feeds);
        for (const name of ["x", "z"] as const) {
          differences(random, name).forEach((expected, index) => {
            const error = Math.abs(found[`d${name}`].data[index] - expected) / (1 + Math.abs(expected));
            if (!(error < 1e-5))
              expect.fail(`d${name}[${index}] is ${found[`d${name}`].data[index]}, expected ${expected}`);
          });
        }
      }),
      { numRuns: 200, seed: SEED },
    );
  });
});
