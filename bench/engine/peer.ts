/** PyTorch beside us: `peer.py` in a process of its own, asked in JSON lines. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** What one request brings back; `seconds` per update or call. */
export interface PeerTimes {
  readonly seconds: readonly number[];
  readonly parameters: number;
  readonly adam: string | null;
  readonly ema: string | null;
}

export interface Peer {
  readonly version: string;
  time(request: Readonly<Record<string, number | string>>): Promise<PeerTimes>;
  close(): void;
}

export const MISSING =
  "PyTorch is missing: in an environment of its own, `pip install torch==2.13.0 --index-url " +
  "https://download.pytorch.org/whl/cpu`, then APPRENTICE_BENCH_PYTHON=/that/environment/bin/python";

/** The first Python that has PyTorch, or null. */
function pythonWithTorch(): string | null {
  const places = [
    process.env.APPRENTICE_BENCH_PYTHON,
    "/opt/apprentice-python/bin/python",
    `${root}.cache/bench-python/bin/python`,
    "python3",
  ];
  const hasTorch = (python: string) =>
    (python === "python3" || existsSync(python)) && spawnSync(python, ["-c", "import torch"]).status === 0;
  return places.find((python) => python !== undefined && hasTorch(python)) ?? null;
}

/** Starts the peer; null where there is no PyTorch. */
export async function openPeer(): Promise<Peer | null> {
  const python = pythonWithTorch();
  if (python === null) return null;
  const child: ChildProcess = spawn(python, [`${root}bench/engine/peer.py`], { stdio: ["pipe", "pipe", "inherit"] });
  const waiting: { resolve(line: string): void; reject(error: Error): void }[] = [];
  createInterface({ input: child.stdout! }).on("line", (line) => waiting.shift()?.resolve(line));
  child.on("exit", (code) => {
    for (const { reject } of waiting) reject(new Error(`the PyTorch process ended with ${code}`));
  });
  const ask = async (request: object) => {
    const line = new Promise<string>((resolve, reject) => waiting.push({ resolve, reject }));
    child.stdin!.write(`${JSON.stringify(request)}\n`);
    const reply = JSON.parse(await line);
    if (reply.error) throw new Error(`PyTorch: ${reply.error}`);
    return reply;
  };
  const { torch } = await ask({ row: "about" });
  return { version: torch, time: ask, close: () => child.stdin!.end() };
}
