/** How long one policy takes to plan one chunk. */
import { exportPolicy, foldIn, nodeRuntime, openPolicy, type Policy, randomKey } from "../../src/index.ts";
import { drivingData, HEADS, policyAfter, pushTData } from "./policies.ts";
import { type Row, row } from "./row.ts";

/** s of measuring, and the most and fewest calls in it. */
const SPAN = 3;
const [MOST, FEWEST] = [2000, 100];

/** Sorted ms of single calls: batch 1, one chunk, noise and all, the file opened beforehand. */
async function latencies(policy: Policy, span: number): Promise<number[]> {
  const actor = await openPolicy(nodeRuntime({ threads: 1 }), exportPolicy(policy));
  const { horizons, observation } = actor.metadata;
  const history = new Float32Array(horizons.observationHorizon * observation.names.length);
  const call = async (number: number) => {
    const start = performance.now();
    await actor.plan(history, [foldIn(randomKey(0), number)]);
    return performance.now() - start;
  };
  try {
    for (let warm = 0; warm < 20; warm++) await call(warm);
    const times: number[] = [];
    const end = performance.now() + span * 1000;
    while (times.length < MOST && (times.length < FEWEST || performance.now() < end))
      times.push(await call(times.length));
    return times.sort((a, b) => a - b);
  } finally {
    await actor.close();
  }
}

const at = (sorted: readonly number[], share: number) => sorted[Math.ceil(share * sorted.length) - 1];

/** p50 and p99 of every head on both tasks, and of diffusion through the U-Net. */
export async function latencyRows({ quick }: { quick: boolean }): Promise<Row[]> {
  const rows: Row[] = [];
  const measure = async (name: string, policy: Policy) => {
    const sorted = await latencies(policy, quick ? 0.2 : SPAN);
    const numbers = Object.values(policy.parameters).reduce((sum, { length }) => sum + length, 0);
    const note = `${sorted.length} calls, ${numbers} parameters`;
    rows.push(row(`${name}, p50 ms`, at(sorted, 0.5), { less: true, note }));
    rows.push(row(`${name}, p99 ms`, at(sorted, 0.99), { less: true, note }));
  };
  const datasets = { "driving-urgent": await drivingData(6), "push-t": await pushTData(6) };
  for (const [task, dataset] of Object.entries(datasets)) {
    for (const head of HEADS) await measure(`${task}, ${head}`, await policyAfter(dataset, head, { updates: 2 }));
  }
  const uNet = await policyAfter(datasets["push-t"], "diffusion", { updates: 2, uNet: true });
  await measure("push-t, diffusion, U-Net 32,64,128, 16 steps", uNet);
  return rows;
}
