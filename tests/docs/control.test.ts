/** docs/algorithms/control.md: its table is the code's, its defaults are the code's. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { REPOSITORY } from "../../scripts/house.ts";
import { createWatch, DRIVERS, type GateRule, type Phase, TRANSITIONS } from "../../src/rollouts/index.ts";
import { ATTENTIVE, FLEET_TIMES, type FleetNeed, thriftyPriority } from "../../src/supervisors/index.ts";

const page = readFileSync(join(REPOSITORY, "docs", "algorithms", "control.md"), "utf8");

/** The rows `| option | `GROUP.field` | literature | `ours` |` of a group. */
const statedOf = (group: string): Record<string, number> =>
  Object.fromEntries(
    [...page.matchAll(new RegExp(`^\\| [^|]+ \\| \`${group}\\.(\\w+)\` \\|[^|]*\\| \`([^\`]+)\` \\|$`, "gm"))].map(
      ([, field, value]) => [field, Number(value)],
    ),
  );

describe("docs/algorithms/control.md", () => {
  it("draws the transition table of the code", () => {
    const requests = Object.keys(TRANSITIONS.policy);
    const cell = (text: string) => `\`${text}\``;
    const row = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
    const drawn = [
      row(["phase", "who drives", ...requests.map(cell)]),
      `|${"---|".repeat(requests.length + 2)}`,
      ...Object.entries(TRANSITIONS).map(([phase, next]) =>
        row([cell(phase), DRIVERS[phase as Phase] ?? "nobody", ...Object.values(next).map(cell)]),
      ),
    ];
    expect(page).toContain(`\n${drawn.join("\n")}\n`);
  });

  it("states the defaults of the operator model and of a fleet", () => {
    expect(statedOf("operator")).toEqual(ATTENTIVE);
    expect(statedOf("fleet")).toEqual(FLEET_TIMES);
  });

  it("states the defaults of a gate and of Fleet-ThriftyDAgger, which act like those that are left out", () => {
    const gate = statedOf("gate");
    expect(Object.keys(gate)).toEqual(["patience", "dwell"]);
    const thresholds = { doubt: 2 };
    const alarms = (rule: GateRule) => {
      const watch = createWatch(rule);
      return [0, 3, 1, 3, 3, 1, 1, 3, 3, 3, 0, 0, 3].map((doubt) => watch.watch({ doubt }));
    };
    expect(alarms({ thresholds, ...gate })).toEqual(alarms({ thresholds }));
    for (const field of Object.keys(gate)) {
      expect(alarms({ thresholds, [field]: gate[field] + 1 })).not.toEqual(alarms({ thresholds }));
    }

    const names = { risk: "r", novelty: "u" };
    const thrifty = statedOf("thrifty");
    expect(Object.keys(thrifty)).toEqual(["alpha", "threshold"]);
    // Standard scores that fall between the threshold and its double, and others.
    const needs = [0.1, 0.15, 0.2, 0.35, -0.8].map(
      (score): FleetNeed => ({ failed: false, resetting: false, held: false, readings: { r: score, u: 0.5 * score } }),
    );
    const urgencies = (options: object) => thriftyPriority({ ...names, ...options })(needs, 0);
    expect(urgencies(thrifty)).toEqual(urgencies({}));
    expect(urgencies({ ...thrifty, alpha: thrifty.alpha / 2 })).not.toEqual(urgencies({}));
    expect(urgencies({ ...thrifty, threshold: 2 * thrifty.threshold + 0.2 })).not.toEqual(urgencies({}));
  });

  it("has the parts of a page, in their order, and lines that count from 1", () => {
    const titles = [...page.matchAll(/^## (.+)$/gm)].map(([, title]) => title);
    const parts = ["Equations", "The algorithm", "Settings", "What is logged", "Deviations", "Results"];
    expect(titles.filter((title) => parts.includes(title))).toEqual(parts);
    const [, fence] = /^```text\n(.*?)^```/ms.exec(page)!;
    const numbers = [...fence.matchAll(/^(\d+) /gm)].map(([, number]) => Number(number));
    expect(numbers).toEqual(numbers.map((_, i) => i + 1));
  });
});
