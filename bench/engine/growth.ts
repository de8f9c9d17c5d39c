/** How the time of an update grows with width and batch, on one thread: ours by both ways, and PyTorch's. */
import { nodeRuntime, type Plan } from "../../src/index.ts";
import { measureRow, type Result, rounded } from "./engine.ts";
import type { Peer } from "./peer.ts";
import { growthRow } from "./rows.ts";
import { line } from "./table.ts";
import { countFor, inTurn, median } from "./timing.ts";

export interface Growth extends Result {
  readonly width: number;
  readonly batch: number;
  /** ms of an update by each way; `ours` is by the way that the plan table chooses. */
  readonly inGraph: number;
  readonly kernel: number;
}

export async function measureGrowth(peer: Peer | null, say: (text: string) => void): Promise<Growth[]> {
  const results: Growth[] = [];
  for (const batch of [64, 256, 1024]) {
    for (const width of [64, 128, 256, 512, 1024]) {
      const schedule = { turn: 100, turns: 3, bounds: false };
      const result = await measureRow(growthRow(width, batch), 1, peer, schedule, { row: "mlp", width, batch });
      const ways = await measureWays(width, batch);
      say(`${line(result)} in graph ${ways.inGraph}, by kernel ${ways.kernel}`);
      results.push({ ...result, width, batch, ...ways });
    }
  }
  return results;
}

async function measureWays(width: number, batch: number): Promise<{ inGraph: number; kernel: number }> {
  const plans: Plan[] = [{ path: "in-graph", updatesPerCall: 10 }, { path: "kernel" }];
  const row = growthRow(width, batch);
  const subjects = await Promise.all(plans.map((plan) => row.open(nodeRuntime({ threads: 1 }), plan)));
  const sides = await Promise.all(
    subjects.map(async ({ time }) => {
      const count = Math.max(10, await countFor(time, 80));
      return () => time(count);
    }),
  );
  const [inGraph, kernel] = (await inTurn(sides, 3)).map((times) => rounded(median(times)));
  await Promise.all(subjects.map((subject) => subject.close()));
  return { inGraph, kernel };
}
