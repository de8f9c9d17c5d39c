import { parseHTML } from "linkedom";
import { describe, expect, it } from "vitest";
import { wilson } from "../../src/base/index.ts";
import { figureFile, scoresPicture } from "../../src/reports/index.ts";

const picture = (xLabel: string) =>
  scoresPicture({
    series: ["seed 1", "<seed> 2"].map((name, i) => ({ name, scores: [{ x: i, rate: wilson(3 + i, 10) }] })),
    ...{ xLabel, yLabel: "success", caption: "c" },
  });

describe("a figure", () => {
  it("is one file that needs no other, with every drawing at its place", () => {
    const file = figureFile([picture("a"), picture("b"), picture("c")], "a <title>");
    const { document } = parseHTML(file);
    const svg = document.querySelector("svg")!;
    const inner = [...svg.querySelectorAll("svg")];
    // 540 by 280 each, two in a row 24 apart, under 34 of legend.
    expect(svg.getAttribute("viewBox")).toBe("0 0 1104 594");
    expect(inner.map((one) => [one.getAttribute("x"), one.getAttribute("y")])).toEqual([
      ["0", "34"],
      ["564", "34"],
      ["0", "314"],
    ]);
    expect(svg.querySelector("title")!.textContent).toBe("a <title>");
    expect([...svg.children].filter(({ tagName }) => tagName.toLowerCase() === "text")).toHaveLength(2);
    const names = new Set([...file.matchAll(/var\((--[\w-]+)\)/g)].map(([, name]) => name));
    for (const name of names) expect(file.split(`${name}:`)).toHaveLength(3);
    expect(file).not.toMatch(/href="http|url\(http|@import/);
  });

  it("refuses nothing at all, and what does not say its size", () => {
    expect(() => figureFile([], "t")).toThrow("found no picture");
    expect(() => figureFile([{ drawing: { markup: "<p>" }, caption: "" }], "t")).toThrow("expected an svg");
  });
});
