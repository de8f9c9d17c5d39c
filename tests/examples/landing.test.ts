import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { judgeWorld } from "../../conformance/environment.ts";
import { landingWorld } from "../../examples/landing.ts";
import { REPOSITORY } from "../../scripts/house.ts";
import { readDataset } from "../../src/datasets/node.ts";
import { evaluateExpert } from "../../src/verbs/index.ts";

const MODULE = join(REPOSITORY, "examples", "landing.ts");
const folder = mkdtempSync(join(tmpdir(), "apprentice-landing-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** As a reader would: with the built package, which `npm test` builds first. */
function apprentice(...args: string[]): string {
  const { stdout, stderr, status } = spawnSync(process.execPath, ["dist/cli/bin.js", ...args], {
    cwd: REPOSITORY,
    encoding: "utf8",
  });
  expect(status, stderr).toBe(0);
  return stdout;
}

judgeWorld("landing", { make: () => landingWorld(), makeTruncated: () => landingWorld({ maxSteps: 5 }) });

it("is a task whose experts land", async () => {
  for (const expert of ["steady", "brisk"]) {
    const { success, task } = await evaluateExpert({ task: MODULE, experts: [expert], episodes: 100 });
    expect({ task, rate: success.rate }).toEqual({ task: "landing", rate: 1 });
  }
});

it("may be written anywhere, in all of TypeScript", () => {
  const path = join(folder, "task.ts");
  writeFileSync(
    path,
    `enum Unit { Metre = "m" }
    const line = { names: ["x"], units: [Unit.Metre], low: [-1], high: [1] };
    const spec = { name: "walk", observation: { place: line }, action: line, controlRate: 1, maxSteps: 9 };
    export default { name: "walk", description: "", experts: {}, makeEnvironment: () => ({ spec, reset() {}, step() {} }) };`,
  );
  expect(apprentice("tasks", path)).toContain("does     x -1 to 1 m\n");
});

it("is listed and demonstrated by the commands in its first lines, in threads too", async () => {
  const { tasks } = JSON.parse(apprentice("tasks", "./examples/landing.ts", "--json"));
  expect(tasks).toMatchObject([{ name: "landing", experts: [{ name: "steady" }, { name: "brisk" }], controlRate: 20 }]);
  const out = join(folder, "landing");
  const line = ["collect", "./examples/landing.ts", "--expert", "steady,brisk", "--episodes", "20", "--out", out];
  const collected = JSON.parse(apprentice(...line, "--workers", "2", "--json"));
  expect(collected).toMatchObject({ task: "landing", episodes: 20, success: { rate: 1 } });
  expect((await readDataset(out)).observation.names).toEqual([
    "place.offset",
    "place.height",
    "speed.sideways",
    "speed.up",
  ]);
});
