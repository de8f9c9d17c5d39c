import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mapLeaves } from "../../src/base/index.ts";
import type { TypedArray } from "../../src/tensor/index.ts";
import { HASH_OF_RESULTS } from "../base/elementary-values.ts";
import { fingerprint } from "../base/fingerprint.ts";
import { referenceDraws } from "../runtime/draws.ts";
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

  it("runs loops, and their gradients, as the reference does", async () => {
    expect(await page.call(PAGE, "loops")).toEqual([]);
  });

  it("draws the reference's random numbers: words, uniforms and integers exactly, normals to 1e-6", async () => {
    const { normals, ...exact } = referenceDraws();
    const found = await page.call<{ normals: TypedArray; fingerprints: Record<string, number> }>(PAGE, "random");
    expect(found.fingerprints).toEqual(mapLeaves(exact, fingerprint));
    const furthest = Array.from(normals, (value, index) => Math.abs(value - found.normals[index]));
    expect(furthest.toSorted((a, b) => a - b).at(-1)).toBeLessThan(1e-6);
  });

  it("computes logarithm and circle to the same bits as Node", async () => {
    expect(await page.call(PAGE, "elementary")).toBe(HASH_OF_RESULTS);
  });

  it("has no WebGPU without a graphics card, and says so", async () => {
    expect(await page.call(PAGE, "refused", { provider: "webgpu" })).toEqual({
      name: "InputError",
      message: 'provider "webgpu" is not to be had here: the browser offers no WebGPU adapter',
    });
  });
});

describe("a page that is not cross-origin isolated", () => {
  let page: Page;
  beforeAll(async () => {
    page = await openPage({ isolated: false });
  });
  afterAll(() => page?.close());

  it("is refused threads, and told what they need", async () => {
    expect(await page.call(PAGE, "refused", { threads: 2 })).toEqual({
      name: "InputError",
      message: "threads: found 2, but the page is not cross-origin isolated (COOP and COEP headers)",
    });
  });

  it("computes with one thread", async () => {
    const { problems } = await page.call<{ problems: string[] }>(PAGE, "primitives", { threads: 1, only: ["matmul"] });
    expect(problems).toEqual([]);
  });
});
