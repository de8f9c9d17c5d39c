/** How the time of an update grows with width and batch, ours (both ways) and PyTorch's, on one thread. */
import { measureRow, type Result } from "./engine.ts";
import type { Peer } from "./peer.ts";
import { growthRow } from "./rows.ts";
import { line } from "./table.ts";

export interface Growth extends Result {
  readonly width: number;
  readonly batch: number;
}

export async function measureGrowth(peer: Peer | null, say: (text: string) => void): Promise<Growth[]> {
  const results: Growth[] = [];
  for (const batch of [64, 256, 1024]) {
    for (const width of [64, 128, 256, 512, 1024]) {
      const schedule = { turn: 120, turns: 3, bounds: false };
      const request = { row: "mlp", width, batch };
      const result = await measureRow(growthRow(width, batch), 1, peer, schedule, request);
      say(line(result));
      results.push({ ...result, width, batch });
    }
  }
  return results;
}
