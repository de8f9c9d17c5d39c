import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hashOfDriving } from "../environments/driving-values.ts";
import { openPage, type Page } from "./browser.ts";

describe("the driving world in Chromium", () => {
  let page: Page;
  beforeAll(async () => {
    page = await openPage();
  });
  afterAll(() => page?.close());

  it("computes the episodes of every scenario and style to the same bits as Node", async () => {
    expect(await page.call("/tests/browser/pages/driving.ts", "hashOfDriving")).toBe(hashOfDriving());
  });
});
