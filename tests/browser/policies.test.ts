import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exportPolicy } from "../../src/policies/index.ts";
import { apart, limitOf, liveChunks, ONE_OF_EACH, POLICIES } from "../policies/every.ts";
import { openPage, type Page } from "./browser.ts";
import type { Planned } from "./pages/policies.ts";

const PAGE = "/tests/browser/pages/policies.ts";
const ROWS = 3;

describe("policies in Chromium", () => {
  let page: Page;
  beforeAll(async () => {
    page = await openPage();
  });
  afterAll(() => page?.close());

  it("do what they do in Node, every head, encoder and network, given the same noise", async () => {
    // One of each head as Node's file, the others exported in the page.
    const files = Object.fromEntries(
      ONE_OF_EACH.map(({ name, policy }) => [name, exportPolicy(policy, { batch: ROWS })]),
    );
    const planned = await page.call<Planned[]>(PAGE, "plans", { rows: ROWS, files });
    expect(planned.map(({ name }) => name)).toEqual(POLICIES.map(({ name }) => name));
    const largest: Record<string, number> = {};
    for (const [index, { name, policy }] of POLICIES.entries()) {
      const difference = apart(policy, planned[index].chunks, liveChunks(policy, ROWS));
      expect(difference, name).toBeLessThan(limitOf(policy));
      const { kind } = policy.spec.recipe.head;
      largest[kind] = Math.max(largest[kind] ?? 0, difference);
    }
    const told = Object.entries(largest).map(([head, difference]) => `${head} ${difference.toExponential(1)}`);
    console.log(`largest differences in Chromium, normalised actions: ${told.join(", ")}`);
  });

  it("are exported there to the same bytes", async () => {
    for (const { name, policy } of ONE_OF_EACH) {
      expect(await page.call(PAGE, "exportedHere", name), name).toEqual(exportPolicy(policy));
    }
  });
});
