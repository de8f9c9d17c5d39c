/** Where the simulated person at the keyboard is told of: tables and sentences are what the committed result says. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { REPOSITORY } from "../../scripts/house.ts";
import { handsOf, type Line, summaryOf, tableRow, trainingsOf } from "../../src/experiments/studio-operator/rows.ts";
import { COURSES, EPISODES, PLANS, SEEDS } from "../../src/experiments/studio-operator/settings.ts";

const FOLDER = "experiments/studio-operator";
const textOf = (path: string) => readFileSync(join(REPOSITORY, path), "utf8");
const lines: readonly Line[] = JSON.parse(textOf(`${FOLDER}/result.json`)).rows;
const page = textOf("docs/studio-operator.md");

describe.each(COURSES)("the simulated operator on %s", (course) => {
  const trainings = trainingsOf(lines, course);
  const summary = summaryOf(trainings);

  it("was run to the end of its plan with every seed, each version on all starts", () => {
    expect(trainings.map(([{ seed }]) => seed)).toEqual([...SEEDS]);
    for (const versions of trainings) {
      expect(versions).toHaveLength(PLANS[course].rounds + 1);
      for (const { success } of versions) expect(success.n).toBe(EPISODES);
    }
  });

  it("has its table and its hands on the page", () => {
    for (const version of summary) expect(page).toContain(`\n| ${tableRow(version).join(" | ")} |\n`);
    const { success, pressesPerSecond } = handsOf(lines, course)!;
    const rate = `${success.rate.toFixed(3)} [${success.low.toFixed(3)}, ${success.high.toFixed(3)}]`;
    expect(page).toContain(`${PLANS[course].task} | ${rate} | ${pressesPerSecond.toFixed(1)} |`);
  });
});

describe("README", () => {
  const readme = textOf("README.md");
  const summary = summaryOf(trainingsOf(lines, "traffic"));

  it("has what driving in traffic came to, and a figure that is there", () => {
    const shown = summary.filter(({ version }) => [1, 4, 7, 10].includes(version));
    for (const version of shown) expect(readme).toContain(`\n| ${tableRow(version).join(" | ")} |\n`);
    const [least] = shown[2].each.toSorted((a, b) => a - b);
    expect(readme).toContain(`left one seed at ${least.toFixed(3)}`);
    expect(shown[3].each.every((rate) => rate > 0.95)).toBe(true);
    expect(readme).toContain(`(${FOLDER}/curves.svg)`);
    expect(existsSync(join(REPOSITORY, FOLDER, "curves.svg"))).toBe(true);
  });

  it("says what the last version of the other scene came to", () => {
    const { success, minutes, interventions } = summaryOf(trainingsOf(lines, "urgent")).at(-1)!;
    expect(readme).toContain(
      `${success.rate.toFixed(3)} [${success.low.toFixed(3)}, ${success.high.toFixed(3)}] after ${Math.round(interventions)} interventions in ${Math.round(minutes)} minutes`,
    );
  });
});
