/** The studio as people start it: the built program in a process of its own, which can be killed and started again. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { REPOSITORY } from "../../scripts/house.ts";

const BIN = join(REPOSITORY, "dist", "cli", "bin.js");

export interface Program {
  /** As it is printed, with the token. */
  readonly address: string;
  readonly port: number;
  readonly data: string;
  /** What it said on standard error so far. */
  readonly errors: () => string;
  /** As by `kill -9`; resolves once it is gone. */
  kill(): Promise<void>;
  /** As by Ctrl-C; resolves with the exit code. */
  close(): Promise<number | null>;
}

export interface ProgramOptions {
  readonly data: string;
  /** 0: any that is free. */
  readonly port?: number;
  readonly firstPolicy?: boolean;
  /** What stands before the program on the command line: `prlimit`, for one. */
  readonly wrapper?: readonly string[];
}

const running = new Set<ChildProcess>();

export async function startProgram({
  data,
  port = 0,
  firstPolicy = false,
  wrapper = [],
}: ProgramOptions): Promise<Program> {
  if (!existsSync(BIN)) throw new Error(`${BIN}: not there, expected a build (npm run build)`);
  const [command, ...rest] = [
    ...wrapper,
    ...[process.execPath, BIN, "studio", "--json", "--open", "no", "--port", String(port), "--data", data],
    ...(firstPolicy ? [] : ["--no-first-policy"]),
  ];
  const child = spawn(command, rest, { stdio: ["ignore", "pipe", "pipe"] });
  running.add(child);
  const gone = new Promise<number | null>((resolve) => child.once("exit", resolve));
  void gone.then(() => running.delete(child));
  let [output, errors] = ["", ""];
  child.stderr.on("data", (text) => {
    errors += text;
  });
  const line = await new Promise<string>((resolve, reject) => {
    child.stdout.on("data", (text) => {
      output += text;
      if (output.includes("\n")) resolve(output);
    });
    void gone.then((code) => reject(new Error(`the studio ended (${code}): ${errors}`)));
  });
  const said = JSON.parse(line) as { addresses: string[]; port: number };
  return {
    address: said.addresses[0],
    port: said.port,
    data,
    errors: () => errors,
    async kill() {
      child.kill("SIGKILL");
      await gone;
    },
    close() {
      child.kill("SIGINT");
      return gone;
    },
  };
}

export async function killPrograms(): Promise<void> {
  await Promise.all(
    [...running].map((child) => {
      child.kill("SIGKILL");
      return new Promise((resolve) =>
        child.exitCode === null && child.signalCode === null ? child.once("exit", resolve) : resolve(0),
      );
    }),
  );
}

/** Runs `apprentice` with these arguments and `--json`; throws what it said where it fails. */
export async function apprentice(...rest: readonly string[]): Promise<unknown> {
  const child = spawn(process.execPath, [BIN, ...rest, "--json"], { stdio: ["ignore", "pipe", "pipe"] });
  running.add(child);
  let [output, errors] = ["", ""];
  child.stdout.on("data", (text) => {
    output += text;
  });
  child.stderr.on("data", (text) => {
    errors += text;
  });
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  running.delete(child);
  if (code !== 0) throw new Error(`apprentice ${rest.join(" ")}: exit ${code}: ${errors}`);
  return JSON.parse(output);
}
