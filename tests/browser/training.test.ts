import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nodeRuntime } from "../../src/runtime/node.ts";
import { createTrainer, type Plan } from "../../src/training/index.ts";
import { openPage, type Page } from "./browser.ts";
import { type Curve, type CurveRequest, trainingOptions } from "./pages/training.ts";

const UPDATES = 200;

const PLANS: readonly Plan[] = [{ path: "in-graph", updatesPerCall: 50 }, { path: "kernel" }];

async function inNode(plan: Plan): Promise<Float32Array> {
  const trainer = await createTrainer({ ...trainingOptions(), runtime: nodeRuntime(), plan });
  const losses = await trainer.advance(UPDATES);
  await trainer.close();
  return losses;
}

// Threads are a setting of the whole page: each count has a page of its own.
describe.each([1, 2])("training in the browser with %i thread(s)", (threads) => {
  let page: Page;
  beforeAll(async () => {
    page = await openPage();
  });
  afterAll(() => page?.close());

  it.each(PLANS)("follows Node's loss curve, $path", async (plan) => {
    const request: CurveRequest = { plan, threads, updates: UPDATES };
    const { losses, seconds } = await page.call<Curve>("/tests/browser/pages/training.ts", "lossCurve", request);
    const expected = await inNode(plan);
    expect(losses).toHaveLength(UPDATES);
    const apart = losses.map((loss, update) => Math.abs(loss / expected[update] - 1));
    console.log(
      `${plan.path}, ${threads} thread(s): ${Math.round(UPDATES / seconds)} updates/s in the page; ` +
        `loss ${losses[0].toFixed(4)} to ${losses[UPDATES - 1].toFixed(4)}, at most ${Math.max(...apart).toExponential(1)} apart`,
    );
    // Measured: 6e-7. The order in which products are summed differs between the two libraries.
    expect(Math.max(...apart)).toBeLessThan(1e-4);
    expect(losses[UPDATES - 1]).toBeLessThan(losses[0] / 3);
  });

  it("gives the same bytes in a second run", async () => {
    const request: CurveRequest = { plan: PLANS[0], threads, updates: 50 };
    const [first, second] = [await curve(page, request), await curve(page, request)];
    expect(second.losses).toEqual(first.losses);
  });
});

const curve = (page: Page, request: CurveRequest) =>
  page.call<Curve>("/tests/browser/pages/training.ts", "lossCurve", request);
