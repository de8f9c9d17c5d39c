/**
 * A disk that is full: a small file system in memory, which takes the right to mount one; and everywhere a limit on the
 * size of files, which refuses in the same calls.
 */
import { execFileSync, spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readDataset } from "../../src/datasets/node.ts";
import { runHere } from "./command.ts";
import { smallDrivingLog } from "./recordings.ts";

const scratch = mkdtempSync(join(tmpdir(), "apprentice-full-disk-"));
const disk = join(scratch, "disk");
mkdirSync(disk);
const SIZE = 2 ** 20;
const isMounted = mount();
const skipped = isMounted ? "" : " [skipped: this process may not mount a file system]";

let drive = "";
beforeAll(() => {
  drive = smallDrivingLog(scratch);
});
afterAll(() => {
  if (isMounted) execFileSync("umount", [disk]);
  rmSync(scratch, { recursive: true });
});

function mount(): boolean {
  if (process.platform !== "linux") return false;
  return spawnSync("mount", ["-t", "tmpfs", "-o", `size=${SIZE}`, "tmpfs", disk]).status === 0;
}

/** Empties the disk but for what is kept, and leaves so many bytes free. */
function leave(bytes: number, { keep = [] }: { keep?: readonly string[] } = {}): void {
  for (const name of readdirSync(disk)) if (!keep.includes(name)) rmSync(join(disk, name), { recursive: true });
  const { bavail, bsize } = statfsSync(disk);
  if (bavail * bsize > bytes) writeFileSync(join(disk, "filling"), Buffer.alloc(bavail * bsize - bytes));
}

/** Files below a folder, but for those unfinished. */
const filesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => statSync(join(folder, name)).isFile())
    .sort();

/** The refusal: exit 2, nothing on standard output, the last line of standard error and no stack. */
async function refused(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await runHere(...args);
  expect({ code, stdout }, stderr).toEqual({ code: 2, stdout: "" });
  const lines = stderr.match(/^apprentice: .*\n/gm) ?? [];
  expect(lines.length, stderr).toBe(1);
  const [line = ""] = lines;
  expect(stderr.endsWith(line)).toBe(true);
  expect(stderr).not.toMatch(/^\s+at /m);
  return line.slice("apprentice: ".length, -1);
}

async function succeeds(...args: string[]): Promise<void> {
  const { code, stderr } = await runHere(...args);
  expect(code, stderr).toBe(0);
}

const FULL = "(ENOSPC: the disk is full)";
const train = (out: string) => ["train", drive, "--head", "l2", "--hidden", "64", "--updates", "1200", "--out", out];

describe.skipIf(!isMounted)(`a full disk${skipped}`, () => {
  it("stops training at any file of the run, and the run goes on when there is room, to the same end", async () => {
    const whole = join(scratch, "whole");
    await succeeds(...train(whole));
    const out = join(disk, "run");
    const named = new Set<string>();
    // From no room at all to enough for all but the last file. A checkpoint has less than 16 kB, and three are kept.
    for (const room of [0, 1, 2, 4, 8, 14].map((pages) => 4096 * pages)) {
      leave(room);
      const line = await refused(...train(out));
      const [, file] = /^(.*): cannot be written \(ENOSPC: the disk is full\)$/.exec(line)!;
      expect(file.startsWith(out), line).toBe(true);
      named.add(file.slice(out.length + 1).replace(/\d+/, "N"));
      expect(filesIn(out).filter((name) => name.includes(".unfinished-"))).toEqual([]);
      if (!existsSync(join(out, "recipe.json"))) continue;
      // What is there is whole: with room, the run ends as if nothing had happened.
      const later = join(scratch, `later-${room}`);
      cpSync(out, later, { recursive: true });
      await succeeds("train", "--resume", "--out", later);
      for (const result of ["policy.onnx", "parameters.safetensors"]) {
        expect(readFileSync(join(later, result)).equals(readFileSync(join(whole, result))), `${room} ${result}`).toBe(
          true,
        );
      }
    }
    expect([...named]).toEqual(expect.arrayContaining(["recipe.json", "versions.json", "metrics.jsonl"]));
    expect([...named].some((name) => name.startsWith("checkpoints/update-"))).toBe(true);
  });

  it("leaves the files of a finished run as they are", async () => {
    const out = join(disk, "run");
    leave(SIZE);
    await succeeds("train", drive, "--head", "l2", "--hidden", "64", "--updates", "400", "--out", out);
    const before = filesIn(out).map((name) => [name, readFileSync(join(out, name), "base64")]);
    leave(0, { keep: ["run"] });
    // resumed at its end, it writes its results anew
    expect(await refused("train", "--resume", "--out", out)).toBe(
      `${join(out, "parameters.safetensors")}: cannot be written ${FULL}`,
    );
    const exported = join(disk, "policy.onnx");
    expect(await refused("export", out, "--out", exported)).toBe(`${exported}: cannot be written ${FULL}`);
    expect(existsSync(exported)).toBe(false);
    expect(filesIn(out).map((name) => [name, readFileSync(join(out, name), "base64")])).toEqual(before);
  });

  it("stops collecting, keeps what is whole, and the same command goes on", async () => {
    const collect = (out: string) => ["collect", "push-t", "--expert", "pusher", "--episodes", "4", "--out", out];
    const whole = join(scratch, "collected");
    await succeeds(...collect(whole), "--workers", "1");
    const sizes = filesIn(join(whole, "episodes")).map((name) => statSync(join(whole, "episodes", name)).size);
    // room for two and a half of the four episodes
    leave(sizes[0] + sizes[1] + sizes[2] / 2);
    const out = join(disk, "collected");
    expect(await refused(...collect(out), "--workers", "1")).toMatch(
      /episodes\/00000[12]\.mcap: cannot be written \(ENOSPC/,
    );
    const kept = readFileSync(join(out, "episodes", "000000.mcap"));
    leave(SIZE, { keep: ["collected"] });
    rmSync(join(disk, "filling"), { force: true });
    await succeeds(...collect(out), "--workers", "1");
    expect(readFileSync(join(out, "episodes", "000000.mcap")).equals(kept)).toBe(true);
    const [found, expected] = [await readDataset(out), await readDataset(whole)];
    expect(found.action).toEqual(expected.action);
    expect(found.observation).toEqual(expected.observation);
  });

  it.each([
    ["import", "store", []],
    ["export", "drive.hdf5", ["--format", "robomimic"]],
    ["export", "lerobot", ["--format", "lerobot"]],
  ])("refuses a dataset that does not fit, and leaves nothing of it: %s %s", async (command, name, flags) => {
    const out = join(disk, name);
    for (const room of [0, 4096, 8192]) {
      leave(room);
      const line = await refused("dataset", command, drive, "--out", out, ...flags);
      expect(line.startsWith(out), line).toBe(true);
      expect(line.endsWith(`cannot be written ${FULL}`), line).toBe(true);
      expect(filesIn(disk)).toEqual(["filling"]);
    }
    leave(SIZE);
    await succeeds("dataset", command, drive, "--out", out, ...flags);
  });
});

/** The command line in a process that may write files of at most so many blocks of 512 bytes. */
function limited(blocks: number, ...args: string[]) {
  const bin = join(resolve(import.meta.dirname, "../.."), "src", "cli", "bin.ts");
  const command = ["--import", "tsx", bin, ...args].map((arg) => `'${arg}'`).join(" ");
  const { status, stdout, stderr } = spawnSync(
    "sh",
    ["-c", `ulimit -f ${blocks}; exec '${process.execPath}' ${command}`],
    {
      encoding: "utf8",
      // tsx keeps what it compiled in files of its own
      env: { ...process.env, TSX_DISABLE_CACHE: "1" },
    },
  );
  return { status, stdout, line: stderr.trimEnd().split("\n").at(-1) };
}

describe.skipIf(process.platform === "win32")("a file larger than is allowed", () => {
  it("is refused by name, too", () => {
    const out = join(scratch, "limited");
    // 100 blocks are 51,200 bytes; the parameters of two hidden layers of 256 are more
    const { status, stdout, line } = limited(
      100,
      "train",
      drive,
      "--head",
      "l2",
      "--hidden",
      "256,256",
      "--updates",
      "4",
      "--out",
      out,
    );
    expect({ status, stdout, line }).toEqual({
      status: 2,
      stdout: "",
      line: `apprentice: ${join(out, "parameters.safetensors")}: cannot be written (EFBIG: the file would be larger than allowed)`,
    });
    expect(existsSync(join(out, "recipe.json"))).toBe(true);
  });

  it.skipIf(!existsSync("/dev/full"))("and so is a standard output that takes nothing", () => {
    const bin = join(resolve(import.meta.dirname, "../.."), "src", "cli", "bin.ts");
    const { status, stderr } = spawnSync(
      "sh",
      ["-c", `exec '${process.execPath}' --import tsx '${bin}' tasks > /dev/full`],
      {
        encoding: "utf8",
      },
    );
    expect({ status, stderr }).toEqual({
      status: 2,
      stderr: `apprentice: standard output: cannot be written ${FULL}\n`,
    });
  });
});
