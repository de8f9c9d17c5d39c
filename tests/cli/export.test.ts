import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openPolicy, policyMetadata } from "../../src/policies/index.ts";
import { nodeRuntime } from "../../src/runtime/node.ts";
import { run, runHere } from "./command.ts";
import { smallDrivingLog, smallPushT } from "./recordings.ts";

const scratch = mkdtempSync(join(tmpdir(), "apprentice-export-"));
afterAll(() => rmSync(scratch, { recursive: true }));
const runs = { gmm: join(scratch, "gmm"), diffusion: join(scratch, "diffusion") };

beforeAll(async () => {
  const data = await smallPushT(scratch);
  for (const [head, out] of Object.entries(runs)) {
    const args = ["--updates", "20", "--batch-size", "32", "--hidden", "16", "--threads", "1"];
    const { code, stderr } = await runHere("train", data, "--head", head, "--out", out, ...args);
    expect(code, stderr).toBe(0);
  }
});

describe("apprentice export", () => {
  it("writes a policy that does what the run's does, and says how it is known", async () => {
    const out = join(scratch, "made", "policy.onnx");
    const { code, stdout, stderr } = await run("export", runs.gmm, "--out", out, "--histories", "10");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain("head gmm: modes 5, minimumDeviation 0.0001, sampling low-noise");
    for (const way of ["reference interpreter, float64", "10 rows at once", "onnxruntime-web, WebAssembly"]) {
      expect(stdout).toMatch(new RegExp(`${way} +10 +\\d\\.\\de[+-]\\d +0   equal\n`));
    }
    expect(stdout).toContain(`The policy is ${out} (`);
    // Without choices it is the run's own file, and nothing else lies beside it.
    expect(readFileSync(out)).toEqual(readFileSync(join(runs.gmm, "policy.onnx")));
    expect(readdirSync(join(scratch, "made"))).toEqual(["policy.onnx"]);
  });

  it("samples as it is told, for as many rows as it is told", async () => {
    const out = join(scratch, "drawn.onnx");
    const args = ["--batch", "3", "--sampler", "ddpm", "--sampling-steps", "25", "--histories", "5", "--json"];
    const { code, stdout } = await runHere("export", runs.diffusion, "--out", out, ...args);
    expect(code).toBe(0);
    const told = JSON.parse(stdout);
    expect(told).toMatchObject({
      run: runs.diffusion,
      out,
      batch: 3,
      head: { kind: "diffusion", steps: 100, sampler: "ddpm", samplingSteps: 25 },
      parity: { histories: 5, limit: 1e-4, passed: true },
    });
    // Push-T: 20 numbers seen, To 2, Tp 16, two numbers an action; 25 times 32 normals
    expect(told.inputs.noise.shape).toEqual([3, 800]);
    expect(told.outputs.actions.shape).toEqual([3, 16, 2]);
    expect(readFileSync(out).length).toBe(told.bytes);
    expect(policyMetadata(readFileSync(out), out).noiseSize).toBe(800);
    const actor = await openPolicy(nodeRuntime(), readFileSync(out));
    expect((await actor.plan(new Float32Array(40), [[1, 2]])).length).toBe(32);
    await actor.close();
  });

  it("leaves nothing to chance where it is told so", async () => {
    for (const path of Object.values(runs)) {
      const out = join(scratch, "certain.onnx");
      const { code } = await runHere("export", path, "--out", out, "--sampling", "deterministic", "--histories", "3");
      expect(code).toBe(0);
      expect(policyMetadata(readFileSync(out), out).noiseSize).toBe(0);
    }
  });

  it("ends with 1 and writes nothing where float32 cannot hold what the policy does", async () => {
    // Steering within 1e-4 of one half, of which float32 has steps of 6e-8: normalised by that range, steps of 6e-4.
    const data = smallDrivingLog(scratch, (rows) => {
      rows.forEach((row, i) => {
        const fields = row.split(",");
        fields[3] = String(0.5 + 1e-4 * Math.sin(i / 12));
        rows[i] = fields.join(",");
      });
    });
    const path = join(scratch, "fine");
    const args = ["--head", "l2", "--updates", "20", "--out", path, "--threads", "1"];
    expect((await runHere("train", data, ...args)).code).toBe(0);
    const out = join(scratch, "fine.onnx");
    const { code, stdout, stderr } = await runHere("export", path, "--out", out);
    expect({ code, stderr }).toEqual({ code: 1, stderr: "" });
    expect(stdout).toMatch(/reference interpreter, float64 +\d+ +\d\.\de-[1-4] +0 +DIFFERS/);
    expect(stdout).toContain(`The file does not do what the policy does: ${out} is not written.`);
    expect(existsSync(out)).toBe(false);
  });

  it.each([
    [["nowhere"], "nowhere: not a run, expected a folder with recipe.json"],
    [[runs.gmm, "--sampler", "ddim"], 'sampler is not for the head "gmm", expected it for diffusion alone'],
    [[runs.diffusion, "--sampling-steps", "101"], "samplingSteps 101, expected 2 to its 100 noise levels"],
    [[runs.gmm, "--temperature", "1"], "temperature is not for the head"],
    [[runs.gmm, "--temperature", "warm"], 'found "warm", expected a number from 0'],
    [[runs.gmm, "--sampling", "most"], "Allowed choices are full, low-noise, deterministic"],
    [[runs.gmm, "--batch", "0"], 'found "0", expected a whole number from 1'],
    [[runs.gmm, "--out", scratch], "is a folder, expected the path of a file"],
    [[runs.gmm, "--out", join(runs.gmm, "recipe.json", "policy.onnx")], "cannot be written (E"],
  ])("refuses %j with one line and 2", async (args, words) => {
    const out = join(scratch, "refused.onnx");
    const { code, stdout, stderr } = await runHere("export", "--out", out, ...args);
    expect({ code, stdout }, stderr).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(words);
    expect(stderr).toMatch(/^apprentice: .*\n$/);
    expect(existsSync(out)).toBe(false);
  });
});
