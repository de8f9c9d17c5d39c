/** Where driving online is told of: the table is what the committed result says. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { REPOSITORY } from "../../scripts/house.ts";
import { meanOfValues, type Rate } from "../../src/base/index.ts";
import { againstCloning, type Line, lastOf, pooled } from "../../src/experiments/dagger-driving/rows.ts";

const textOf = (path: string) => readFileSync(join(REPOSITORY, path), "utf8");
const lines: readonly Line[] = JSON.parse(textOf("experiments/dagger-driving/result.json")).rows;
const undelayed = (method: string) => lines.filter((line) => line.method === method && line.delay === null);

const NAMES: Readonly<Record<string, string>> = {
  clone: "more demonstrations (BC)",
  dagger: "DAgger",
  "dagger-every-step": "DAgger, every step labelled",
  "hg-dagger": "HG-DAgger",
  expert: "the expert itself",
};

const shown = ({ rate, low, high }: Pick<Rate, "rate" | "low" | "high">) =>
  `${rate.toFixed(3)} [${low.toFixed(3)}, ${high.toFixed(3)}]`;

function rowOf(method: string): string {
  const own = undelayed(method);
  const last = lastOf(own);
  if (method === "expert") return `| ${NAMES[method]} | | | | ${shown(pooled(last))} | | |`;
  const mean = (pick: (line: Line) => number) => Math.round(meanOfValues(last.map(pick)).mean).toLocaleString("en");
  const counts = [
    mean(({ expertSteps }) => expertSteps),
    mean(({ interventions }) => interventions),
    mean(({ attention }) => attention / 60),
  ];
  const each = last.map((line) => pooled([line]).rate.toFixed(2)).join(", ");
  const less = method === "clone" ? null : againstCloning(own, undelayed("clone"));
  const difference = less ? shown({ ...less, rate: less.difference }) : "";
  return `| ${NAMES[method]} | ${counts.join(" | ")} | ${shown(pooled(last))} | ${each} | ${difference} |`;
}

describe.each(["README.md", "docs/algorithms/hg-dagger.md"])("the table of dagger-driving in %s", (page) => {
  it.each(Object.keys(NAMES).filter((method) => undelayed(method).length > 0))("has the row of %s", (method) => {
    expect(textOf(page)).toContain(`\n${rowOf(method)}\n`);
  });
});
