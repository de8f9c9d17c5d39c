/** The page of compounding errors: its tables are what the committed result says. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { REPOSITORY } from "../../scripts/house.ts";
import { pooledMeans, rowsOf } from "../../src/experiments/compounding/rows.ts";
import type { ExperimentResult } from "../../src/experiments/index.ts";

const page = readFileSync(join(REPOSITORY, "docs/algorithms/compounding-errors.md"), "utf8");
const { rows }: ExperimentResult = JSON.parse(
  readFileSync(join(REPOSITORY, "experiments/compounding/result.json"), "utf8"),
);

describe("docs/algorithms/compounding-errors.md", () => {
  it("has every slope over all trainings", () => {
    const slopes = rowsOf(rows, "slope").filter(({ seed }) => seed === "all");
    expect(slopes.length).toBe(8);
    for (const { world, method, slope, closedForm } of slopes) {
      const [mean, low, high, form] = [slope.mean, slope.low, slope.high, closedForm].map((value) => value.toFixed(3));
      expect(page).toContain(`\n${world} | ${method} | ${mean} [${low}, ${high}] | ${form}\n`);
    }
  });

  it("has the costs of the longest episodes, each of 100,000", () => {
    const costOf = (world: string, method: string) => {
      const own = rowsOf(rows, "cost").filter(
        (row) => [row.world, row.method, row.steps].join() === `${world},${method},256`,
      );
      expect(own.map(({ cost }) => cost.n)).toEqual([100_000, 100_000, 100_000]);
      return pooledMeans(own.map(({ cost }) => cost))!.mean.toPrecision(3);
    };
    for (const world of ["chain", "cliff", "drift"]) {
      const line = page.split("\n").find((one) => one.startsWith(`${world} | 256 | ${costOf(world, "bc")} `));
      expect(line).toContain(`| ${costOf(world, "dagger")} `);
    }
  });

  it("has what the drivers came to", () => {
    const drives = rowsOf(rows, "drive");
    const of = (method: string) => drives.filter((row) => row.method === method);
    const rates = (method: string) => of(method).map(({ success }) => success.rate.toFixed(3));
    expect(page).toContain(`| ${rates("bc").join(", ")} | ${rates("dagger").join(", ")} | 1, 1, 1 |`);
    const error = (method: string) => pooledMeans(of(method).map(({ ownError }) => ownError))!.mean.toFixed(3);
    expect(page).toMatch(new RegExp(`error in its own states \\| ${error("bc")} .* \\| ${error("dagger")} `));
    const steps = drives.map(({ expertSteps }) => expertSteps);
    const text = [Math.min(...steps), Math.max(...steps)].map((count) => count.toLocaleString("en")).join(" to ");
    expect(page).toContain(`had ${text} of the expert's steps`);
  });
});
