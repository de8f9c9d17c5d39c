import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterAll, describe, expect, it } from "vitest";
import { ONLINE_FLAGS } from "../../src/cli/online-flags.ts";
import { addRecipeFlags, recipeOfFlags } from "../../src/cli/recipe-flags.ts";
import { completeOnlineRecipe, onlineRecipeJsonSchema } from "../../src/recipes/index.ts";
import { runHere } from "./command.ts";
import { leavesOf } from "./schema-leaves.ts";

const scratch = mkdtempSync(join(tmpdir(), "apprentice-dagger-"));
afterAll(() => rmSync(scratch, { recursive: true }));

describe("the flags of apprentice dagger", () => {
  it("reach every field of the recipe but what the file is and the task, which is an argument", () => {
    const fields = ONLINE_FLAGS.map(({ field }) => field);
    // one flag chooses a schedule, a foresight or a weighting as a whole
    const whole = ["beta", "foresight", "weighting"];
    const leaves = leavesOf(onlineRecipeJsonSchema()).map((path) => {
      const [first] = path.split(".");
      return whole.includes(first) ? first : path;
    });
    expect(new Set(fields)).toEqual(new Set(leaves.filter((path) => !["kind", "version", "task"].includes(path))));
    expect(fields).toHaveLength(new Set(fields).size);
  });

  it("are written down in the recipe as they were chosen", () => {
    const command = addRecipeFlags(new Command("x").exitOverride(), ONLINE_FLAGS);
    const text =
      "--algorithm hg-dagger --beta exponential:0.5 --foresight fork:0.5,3,2 --reaction-delay 0.4 --hidden 8,8 --head l2";
    command.parse(text.split(" "), { from: "user" });
    const part = recipeOfFlags(command.opts(), ONLINE_FLAGS);
    const recipe = completeOnlineRecipe(part, { task: "driving", expert: "left", where: "flags" });
    expect(recipe).toMatchObject({
      algorithm: "hg-dagger",
      beta: { kind: "exponential", p: 0.5 },
      foresight: { kind: "fork", horizon: 0.5, rescue: 3, every: 2 },
      operator: { reactionDelay: 0.4, lapseRate: 0 },
      learning: { policy: { head: { kind: "l2" }, network: { hidden: [8, 8] } } },
    });
  });

  it("is published as a JSON Schema", () => {
    const published = readFileSync(new URL("../../docs/online-recipe.schema.json", import.meta.url), "utf8");
    expect(JSON.parse(published)).toEqual(JSON.parse(JSON.stringify(onlineRecipeJsonSchema())));
  });
});

describe("apprentice dagger", () => {
  const SMALL =
    "--rounds 2 --demonstrations 3 --episodes 3 --updates 20 --hidden 16,16 --selection 4 --threads 1".split(" ");

  it("prints a line per round, a table, and where policy and report are; evaluate and compare take the run", async () => {
    const out = join(scratch, "run");
    const { code, stdout, stderr } = await runHere("dagger", "fork", "--out", out, ...SMALL);
    expect(code, stderr).toBe(0);
    for (const round of [0, 1, 2]) expect(stderr).toMatch(new RegExp(`^round ${round}: 3 episodes, success `, "m"));
    expect(stdout).toContain(join(out, "policy.onnx"));
    expect(readFileSync(join(out, "report.html"), "utf8")).toContain("dagger on fork");
    const again = await runHere("dagger", "fork", "--out", join(scratch, "other"), ...SMALL, "--json");
    const result = JSON.parse(again.stdout);
    expect(result.rounds.map(({ round }: { round: number }) => round)).toEqual([0, 1, 2]);
    // the same choices, the same bytes
    const [one, two] = ["run", "other"].map((name) => readFileSync(join(scratch, name, "policy.onnx")));
    expect(one.equals(two)).toBe(true);
    const judged = await runHere("evaluate", out, "--episodes", "5", "--json");
    expect(JSON.parse(judged.stdout)).toMatchObject({ task: "fork", episodes: 5 });
    const compared = await runHere("compare", out, join(scratch, "other"), "--episodes", "4");
    expect(compared.code, compared.stderr).toBe(0);
  });

  it.each([
    [["--algorithm", "daggr"], /daggr.*did you mean "dagger"/],
    [["--beta", "half"], /found "half", expected first, exponential:P or linear:ROUNDS/],
    [["--foresight", "fork:1"], /expected fork:HORIZON,RESCUE,EVERY or stall:PATIENCE,LEAST/],
    [["--expert", "either-sid"], /no expert "either-sid", did you mean "either-side"/],
    [["--rounds", "none"], /none/],
    [["--network", "u-net"], /network\.kind: .*expected "mlp" with head "l1"/],
    [["--recipe", "nowhere.yaml"], /recipe nowhere\.yaml: cannot be read/],
  ])("refuses %j with one line and exit code 2", async (flags, message) => {
    const { code, stderr } = await runHere("dagger", "fork", "--out", join(scratch, "refused"), ...flags);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
  });

  it("refuses a folder that holds a run, unless it is to go on", async () => {
    const { code, stderr } = await runHere("dagger", "fork", "--out", join(scratch, "run"), ...SMALL);
    expect(code).toBe(2);
    expect(stderr).toMatch(/already holds a run/);
    const other = await runHere("dagger", "fork", "--out", join(scratch, "run"), ...SMALL, "--resume", "--seed", "9");
    expect(other.stderr).toMatch(/seed is 0 there, found 9/);
  });
});
