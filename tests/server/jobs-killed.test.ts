/** The server killed while a job is at work, for real: no process stays, nothing half-made, nothing shown as running. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { temporaryFolders } from "./fixture.ts";
import { demonstrated, isAlive, OVER, openJobs, QUICK, record } from "./jobs-fixture.ts";

const CHILD = fileURLToPath(new URL("./jobs-child.ts", import.meta.url));
const newFolder = temporaryFolders();
const { task } = QUICK;
const WAIT = 300_000;

const started: ChildProcess[] = [];
afterAll(() => {
  for (const child of started) child.kill("SIGKILL");
});

async function folderToLearnFrom(): Promise<string> {
  const data = newFolder();
  await record(data, { a: (await demonstrated([1]))[0] });
  return data;
}

/** Starts a server's jobs in a process of their own; resolves with the process that trains, once it does. */
async function startServer(data: string, moment: "training" | "policy") {
  const server = spawn(process.execPath, ["--import", "tsx", CHILD, data, moment], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  started.push(server);
  const ended = new Promise((settle) => server.on("close", (_, signal) => settle(signal)));
  const said = await new Promise<string>((settle) => server.stdout?.once("data", (text) => settle(String(text))));
  return { server, ended, trains: Number(said) };
}

async function untilGone(pid: number): Promise<void> {
  while (isAlive(pid)) await new Promise((settle) => setTimeout(settle, 50));
}

const policiesIn = (data: string): string[] => {
  const folder = join(data, task, "policies");
  return existsSync(folder) ? readdirSync(folder) : [];
};

describe("a server that is killed", () => {
  it("takes the training with it, which is told of as failed", { timeout: WAIT }, async () => {
    const data = await folderToLearnFrom();
    const { server, ended, trains } = await startServer(data, "training");
    expect(isAlive(trains)).toBe(true);
    server.kill("SIGKILL");
    expect(await ended).toBe("SIGKILL");
    await untilGone(trains);

    const { jobs } = openJobs(data);
    expect(jobs.jobs()).toMatchObject([
      { id: "job-1", state: "failed", error: "the server was stopped", policy: null },
    ]);
    expect(jobs.policies()).toEqual([]);
    expect(policiesIn(data)).toEqual([]);
    await jobs.close();
    // and so it stays
    const again = openJobs(data);
    expect(again.jobs.jobs()).toMatchObject([{ state: "failed", error: "the server was stopped" }]);
    await again.jobs.close();
  });

  it("leaves a policy that was there, and the next server judges it", { timeout: WAIT }, async () => {
    const data = await folderToLearnFrom();
    const { ended, trains } = await startServer(data, "policy");
    expect(await ended).toBe("SIGKILL");
    await untilGone(trains);
    expect(policiesIn(data)).toEqual(["cart-pole-1"]);

    const { jobs, over, states } = openJobs(data);
    expect(OVER).not.toContain(states[0].state);
    expect(states[0].policy).toBe("cart-pole-1");
    expect(await over("job-1")).toMatchObject({ state: "finished", policy: "cart-pole-1" });
    expect(jobs.policies()).toMatchObject([{ id: "cart-pole-1", success: { n: 50 } }]);
    await jobs.close();
  });
});

describe("a server that is closed", () => {
  it("ends what trains, and the next one says so", { timeout: WAIT }, async () => {
    const data = await folderToLearnFrom();
    const { jobs, until } = openJobs(data);
    const { id } = jobs.train({ task, head: QUICK.head, updates: 1_000_000 });
    await until(id, ({ update }) => update > 0);
    await jobs.close();
    expect(policiesIn(data).filter((name) => !name.startsWith("."))).toEqual([]);
    const next = openJobs(data);
    expect(next.jobs.jobs()).toMatchObject([{ id, state: "failed", error: "the server was stopped" }]);
    expect(policiesIn(data)).toEqual([]);
    await next.jobs.close();
  });
});
