import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EPISODE_FINGERPRINT } from "../environments/push-t-episode.ts";
import { openPage, type Page } from "./browser.ts";

describe("Push-T in the browser", () => {
  let page: Page;
  beforeAll(async () => {
    page = await openPage();
  });
  afterAll(() => page?.close());

  it("plays an episode of 1,000 steps with Node's bits", async () => {
    expect(await page.call<number>("/tests/browser/pages/push-t.ts", "fingerprintInPage")).toBe(EPISODE_FINGERPRINT);
  });
});
