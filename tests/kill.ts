import { spawn } from "node:child_process";
import { expect } from "vitest";

/** Runs a TypeScript file on `path`, kills it -9 `milliseconds` after its first output, and returns all it printed. */
export async function outputUntilKilled(script: string, path: string, milliseconds: number): Promise<string> {
  const child = spawn(process.execPath, ["--import", "tsx", script, path], { stdio: ["ignore", "pipe", "pipe"] });
  let [output, errors] = ["", ""];
  child.stdout.on("data", (text) => {
    if (output === "") setTimeout(() => child.kill("SIGKILL"), milliseconds);
    output += text;
  });
  child.stderr.on("data", (text) => {
    errors += text;
  });
  const signal = await new Promise((resolve) => child.on("close", (_, name) => resolve(name)));
  expect(signal, errors).toBe("SIGKILL");
  return output;
}
