import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openPage, type Page } from "./browser.ts";
import type { Trained } from "./pages/trainer.ts";

const PAGE = "/tests/browser/pages/trainer.ts";

let page: Page;
beforeAll(async () => {
  page = await openPage();
});
afterAll(() => page?.close());

describe("training in a worker of the page", { timeout: 240_000 }, () => {
  it("makes a policy that acts", async () => {
    const trained = await page.call<Trained>(PAGE, "trainAndAct", { head: "l1", updates: 300 });
    expect(trained).toMatchObject({ head: "l1", updates: 300, learned: { episodes: 5 } });
    // the expert drove every step of 5 episodes of 500
    expect(trained.learned.expertSteps).toBe(2500);
    expect(trained.reported).toBeGreaterThan(0);
    // Measured: 10 of 10. Without a policy the pole has fallen after 10 steps or so.
    expect(trained.succeeded).toBeGreaterThanOrEqual(7);
  });

  it("can be stopped", async () => {
    expect(await page.call(PAGE, "stopEarly")).toEqual({ stopped: true, message: "the training was stopped" });
  });

  it("says in one line where there is nothing to imitate", async () => {
    expect(await page.call<string>(PAGE, "trainOnNothing")).toContain("expert");
  });
});
