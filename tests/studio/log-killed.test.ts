/** A process that is killed -9 while it writes, on the disk's own files. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, it } from "vitest";
import { openJournal } from "../../studio/src/log/journal.ts";
import { diskFolder } from "./log-disk.ts";
import { memoryLocks } from "./log-files.ts";
import { recorded } from "./recorded.ts";

const CHILD = fileURLToPath(new URL("./log-child.ts", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "apprentice-log-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it("keeps every step that it said it had recorded, through a kill", async () => {
  const child = spawn(process.execPath, ["--import", "tsx", CHILD, folder], { stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  await new Promise<void>((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`the writer ended (${code})`)));
    child.stdout.on("data", (text) => {
      said += text;
      if (said.length > 3000) resolve();
    });
  });
  const gone = new Promise((resolve) => child.once("close", resolve));
  child.kill("SIGKILL");
  await gone;
  const whole = said.slice(0, said.lastIndexOf("\n")).split("\n");
  const last = Number(whole.at(-1));
  expect(last).toBeGreaterThan(500);

  const journal = await openJournal({ folder: diskFolder(folder), locks: memoryLocks(), tab: "b" });
  const [log, ...others] = await journal.adopt();
  expect(others).toEqual([]);
  expect(log.length).toBeGreaterThanOrEqual(last);
  const { steps } = await recorded("driving", { seed: 3, length: 200, id: "endless" });
  const found = log.read(0, { count: log.length, bytes: Number.POSITIVE_INFINITY });
  expect(found.every((step, i) => Buffer.compare(step, steps[i % steps.length]) === 0)).toBe(true);
  expect([log.closed, log.end]).toEqual([true, null]);
  await journal.close();
}, 120_000);
