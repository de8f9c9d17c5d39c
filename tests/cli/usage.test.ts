import { describe, expect, it } from "vitest";
import { run, runHere } from "./command.ts";

const COMMANDS = [
  "studio",
  "lesson",
  "tasks",
  "collect",
  "train",
  "dagger",
  "evaluate",
  "compare",
  "export",
  "dataset",
  "experiment",
];

describe("the command line", () => {
  it("without a command prints its usage on standard error and ends with 2", async () => {
    const { code, stdout, stderr } = await run();
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain("Usage: apprentice");
    const listed = [...stderr.matchAll(/^ {2}([a-z]+)(?: \S+)* {2,}/gm)].map(([, name]) => name);
    expect(listed).toEqual([...COMMANDS, "help"]);
  });

  it.each([[], ...COMMANDS.map((command) => [command])])("explains itself: %s --help", async (...command) => {
    const { code, stdout, stderr } = await runHere(...command, "--help");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain(`Usage: ${["apprentice", ...command].join(" ")}`);
    // DESIGN.md, "Command line": every command takes --help, --seed, --json; `dataset` is a group, whose own do; in the studio
    // people act, and say in the page what is trained
    const [name] = command;
    const isPlain = name !== undefined && name !== "dataset";
    const flags = ["--help", ...(isPlain ? ["--json"] : []), ...(isPlain && name !== "studio" ? ["--seed"] : [])];
    for (const flag of flags) expect(stdout).toContain(flag);
  });

  it.each(["info", "verify", "import", "export", "merge", "split"])("explains dataset %s", async (name) => {
    const { code, stdout, stderr } = await runHere("dataset", name, "--help");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain(`Usage: apprentice dataset ${name}`);
    expect(stdout).toContain("--json");
  });

  it.each([
    [["fly"], "unknown command 'fly'"],
    [["train", "--out", "y", "--head", "l2"], "found neither data nor --recipe"],
    [["train", "x", "--head", "l2"], "required option '--out <run>' not specified"],
    [
      ["train", "x", "--out", "y", "--head", "transformer"],
      "argument 'transformer' is invalid. Allowed choices are l2, l1, huber, gaussian, gmm, autoregressive, diffusion, flow",
    ],
    [
      ["train", "x", "--out", "y", "--head", "l2", "--updates", "many"],
      `'many' is invalid. found "many", expected a whole`,
    ],
    [["train", "x", "--out", "y", "--head", "l2", "--updates", "1"], "expected a whole number from 2"],
    [["train", "x", "--out", "y", "--head", "l2", "--updates", "1e3"], "expected a whole number from 2"],
    [["train", "x", "--out", "y", "--head", "l2", "--updates", ""], "expected a whole number from 2"],
    [["train", "x", "--out", "y", "--head", "l2", "--seed", "-1"], "expected a whole number from 0"],
    [["train", "x", "--out", "y", "--head", "l2", "--seed", ""], "expected a whole number from 0"],
    [["train", "x", "--out", "y", "--head", "l2", "--threads", "0"], "expected a whole number from 1"],
    [["train", "x", "--out", "y", "--head", "l2", "--speed", "9"], "unknown option '--speed' (Did you mean --seed?)"],
    [["evaluate", "x", "y"], "too many arguments"],
    [["evaluate"], "missing required argument 'run'"],
    [["evaluate", "x", "--ensemble", "much"], `found "much", expected a number`],
    [["evaluate", "x", "--episodes", "-1"], "expected a whole number from 0"],
    [["experiment", "averagin"], 'did you mean "averaging"?'],
    [["experiment", "averaging", "--workers", "0"], "expected a whole number from 1"],
    [["lesson", "--episodes", "0"], "expected a whole number from 1"],
    [["lesson", "--demonstrations", "2"], "expected a whole number from 10"],
  ])("refuses %j with one line and 2", async (args, words) => {
    const { code, stdout, stderr } = await runHere(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(words);
    expect(stderr).toMatch(/^apprentice: .*\n$/);
  });
});
