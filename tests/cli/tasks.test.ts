import { describe, expect, it } from "vitest";
import { runHere } from "./command.ts";

// DESIGN.md, "Command line": every command takes --help, --seed, --json
it.each(["tasks", "collect", "compare"])("%s explains itself", async (command) => {
  const { code, stdout, stderr } = await runHere(command, "--help");
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toContain(`Usage: apprentice ${command} [options]`);
  for (const flag of ["--help", "--seed", "--json"]) expect(stdout).toContain(flag);
});

describe("apprentice tasks", () => {
  it("prints what scripts read", async () => {
    const { code, stdout, stderr } = await runHere("tasks", "--json");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const { tasks } = JSON.parse(stdout);
    const urgent = tasks.find(({ name }: { name: string }) => name === "driving-urgent");
    expect(urgent).toMatchObject({
      experts: [{ name: "left" }, { name: "right" }, { name: "patient" }, { name: "careless" }],
      controlRate: 20,
      maxSteps: 600,
      modes: ["left", "right", "behind"],
    });
    expect(urgent.action[0]).toMatchObject({ name: "steering", unit: "rad" });
    expect(urgent.observation.map(({ name }: { name: string }) => name)).toEqual([
      "motion",
      "road",
      "range",
      "closing",
    ]);
    expect(urgent.observation[0].dimensions[0]).toMatchObject({ name: "speed", unit: "m/s", low: 0 });
  });

  it("prints them for people, with units and rate", async () => {
    const { stdout } = await runHere("tasks");
    expect(stdout).toContain("push-t: push a T-shaped block onto its goal");
    expect(stdout).toMatch(/experts {2}left, right, patient, careless\n/);
    expect(stdout).toMatch(/10 Hz, at most 300 steps \(30 s\)/);
  });

  it("shows only the tasks that are asked for", async () => {
    const { stdout } = await runHere("tasks", "fork", "--json");
    expect(JSON.parse(stdout).tasks.map(({ name }: { name: string }) => name)).toEqual(["fork"]);
    const { code, stderr } = await runHere("tasks", "./no-such-task.ts");
    expect(code).toBe(2);
    expect(stderr).toBe("apprentice: task ./no-such-task.ts: not found, expected a module whose default is a task\n");
  });
});
