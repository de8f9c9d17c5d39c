import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { adam } from "../../src/optim/index.ts";
import { regression } from "./problems.ts";
import { inGraph, kernel, trainerOf } from "./steppers.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

const MEBIBYTE = 2 ** 20;

/** Memory of the process in MiB, after a collection: its pages, and what JavaScript's objects hold. */
async function memory() {
  // External arrays are freed by finalizers that run after the collection.
  for (let round = 0; round < 3; round++) {
    collectGarbage();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const { rss, external, heapUsed } = process.memoryUsage();
  return { pages: rss / MEBIBYTE, held: (external + heapUsed) / MEBIBYTE };
}

describe("the memory of a long training", () => {
  // 4,546 parameters with two moments are 54 kB: 8,000 calls that each lost them once would lose 430 MB, and 8,000 calls
  // that each lost 5 kB, 40 MB. What is held after a collection may not grow by 2 MiB.
  it.each([
    [inGraph(1), 10_000],
    [kernel, 10_000],
  ])("does not grow over the calls: %o", async (plan, calls) => {
    const updatesPerCall = plan.path === "in-graph" ? plan.updatesPerCall : 1;
    const trainer = await trainerOf(plan, {
      problem: regression({ sizes: [3, 64, 64, 2] }),
      optimizer: adam({ schedule: { kind: "constant", rate: 1e-4 } }),
      batchSize: 4,
    });
    const warmUp = calls / 5;
    await trainer.advance(warmUp * updatesPerCall);
    const before = await memory();
    for (let call = warmUp; call < calls; call += 1000) await trainer.advance(1000 * updatesPerCall);
    const after = await memory();
    await trainer.close();
    const [pages, held] = [after.pages - before.pages, after.held - before.held];
    console.log(`${plan.path}: ${calls} calls, pages ${pages.toFixed(1)} MiB, held ${held.toFixed(2)} MiB`);
    expect(held).toBeLessThan(2);
    expect(pages).toBeLessThan(32);
  });
});
