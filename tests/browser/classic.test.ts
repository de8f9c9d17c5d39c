import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hashOfClassic } from "../environments/classic-episodes.ts";
import { openPage, type Page } from "./browser.ts";

describe("the classic worlds in Chromium", () => {
  let page: Page;
  beforeAll(async () => {
    page = await openPage();
  });
  afterAll(() => page?.close());

  it("computes their episodes to the same bits as Node", async () => {
    expect(await page.call("/tests/browser/pages/classic.ts", "hashOfClassic")).toBe(hashOfClassic());
  });
});
