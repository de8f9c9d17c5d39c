/** The command line as a test calls it: as a process of its own, or within this one where only its words matter. */
import { type ChildProcess, spawn } from "node:child_process";
import { join, resolve } from "node:path";
import { vi } from "vitest";
import { main } from "../../src/cli/index.ts";

export interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

const BIN = join(resolve(import.meta.dirname, "../.."), "src", "cli", "bin.ts");

/** Starts `apprentice` with these arguments. */
export function start(args: readonly string[]): { process: ChildProcess; outcome: Promise<Outcome> } {
  const child = spawn(process.execPath, ["--import", "tsx", BIN, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  const text = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (part: string) => {
    text.stdout += part;
  });
  child.stderr.setEncoding("utf8").on("data", (part: string) => {
    text.stderr += part;
  });
  const outcome = new Promise<Outcome>((settle, fail) => {
    child.on("error", fail);
    child.on("close", (code) => settle({ code, ...text }));
  });
  return { process: child, outcome };
}

/** Runs `apprentice` to its end in a process of its own. */
export const run = (...args: string[]): Promise<Outcome> => start(args).outcome;

/** The same within this process: faster, for the many ways in which a command refuses. */
export async function runHere(...args: string[]): Promise<Outcome> {
  const text = { stdout: "", stderr: "" };
  const spies = (["stdout", "stderr"] as const).map((name) =>
    vi.spyOn(process[name], "write").mockImplementation((part) => {
      text[name] += part;
      return true;
    }),
  );
  try {
    return { code: await main(["node", "apprentice", ...args]), ...text };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}
