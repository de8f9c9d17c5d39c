import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CASES, PRIMITIVES } from "../tensor/cases/index.ts";
import { openPage, type Page } from "./browser.ts";

const PAGE = "/tests/browser/pages/engine.ts";

describe("the engine in Chromium", () => {
  let page: Page;
  beforeAll(async () => {
    page = await openPage();
  });
  afterAll(() => page?.close());

  it("computes every primitive and its gradient as the reference does", async () => {
    const { compared, problems } = await page.call<{ compared: number; problems: string[] }>(PAGE, "primitives", {
      threads: 2,
    });
    expect(problems).toEqual([]);
    expect(compared).toBeGreaterThan(PRIMITIVES.reduce((total, primitive) => total + CASES[primitive].length, 0));
  });
});
