/** Whole episodes of a policy per second, on one thread and on two. */
import { evaluatePolicy, exportPolicy } from "../../src/index.ts";
import { drivingData, policyAfter } from "./policies.ts";
import { type Row, row } from "./row.ts";

export async function episodeRows({ quick }: { quick: boolean }): Promise<Row[]> {
  const [demonstrations, updates, episodes] = quick ? [20, 100, 50] : [100, 1000, 3000];
  const policy = exportPolicy(await policyAfter(await drivingData(demonstrations), "l2", { updates }), { batch: 64 });
  const rows: Row[] = [];
  for (const workers of [1, 2]) {
    const began = performance.now();
    await evaluatePolicy({ policy, episodes: workers, workers });
    const start = performance.now();
    const { perSeed, success } = await evaluatePolicy({ policy, episodes, workers });
    const seconds = (performance.now() - start) / 1000;
    const steps = perSeed.reduce((sum, episode) => sum + episode.steps, 0);
    const note =
      `driving-urgent, L2, ${episodes} episodes of ${Math.round(steps / episodes)} steps on average, ` +
      `success ${success.rate.toFixed(3)}; ${Math.round(steps / seconds)} steps/s, the start included, which with the ` +
      `first episode takes ${((start - began) / 1000).toFixed(1)} s`;
    rows.push(
      row(`rollouts/s, ${workers} worker${workers > 1 ? "s" : ""}`, episodes / seconds, { threads: workers, note }),
    );
  }
  return rows;
}
