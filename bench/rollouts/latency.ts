/** How long one policy takes to plan one chunk. */
import { exportPolicy, foldIn, nodeRuntime, openPolicy, type Policy, randomKey } from "../../src/index.ts";
import { drivingData, HEADS, policyAfter, pushTData } from "./policies.ts";
import { type Row, row } from "./row.ts";

/** The policies are measured in turn, so that whatever else the machine does falls on all of them. */
const ROUNDS = 10;
/** Calls of a policy in one round: as many as fit into so many ms, within bounds. */
const SPAN = 200;
const [MOST, FEWEST] = [200, 10];

interface Timed {
  readonly name: string;
  readonly parameters: number;
  /** ms of single calls so far. */
  readonly times: number[];
  /** Plans one chunk. */
  plan(): Float32Array | Promise<Float32Array>;
  close(): Promise<void>;
}

/** Batch 1, one chunk, the noise drawn for it; the file is opened beforehand. */
async function timed(name: string, policy: Policy): Promise<Timed> {
  const actor = await openPolicy(nodeRuntime({ threads: 1 }), exportPolicy(policy));
  const { horizons, observation } = actor.metadata;
  const history = new Float32Array(horizons.observationHorizon * observation.names.length);
  const times: number[] = [];
  return {
    name,
    parameters: Object.values(policy.parameters).reduce((sum, { length }) => sum + length, 0),
    times,
    plan: () => actor.plan(history, [foldIn(randomKey(0), times.length)]),
    close: () => actor.close(),
  };
}

/** One round of one policy, after a few calls that are not counted. */
async function measureRound({ times, plan }: Timed): Promise<void> {
  for (let warm = 0; warm < 5; warm++) await plan();
  const end = performance.now() + SPAN;
  for (let calls = 0; calls < FEWEST || (calls < MOST && performance.now() < end); calls++) {
    const start = performance.now();
    await plan();
    times.push(performance.now() - start);
  }
}

function rowsOf({ name, parameters, times }: Timed): Row[] {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.ceil(share * sorted.length) - 1];
  const note = `fastest ${sorted[0].toPrecision(3)} of ${times.length} calls, ${parameters} parameters`;
  return [
    row(`${name}, p50 ms`, at(0.5), { less: true, note }),
    row(`${name}, p99 ms`, at(0.99), { less: true, note }),
  ];
}

/** p50 and p99 of every head on both tasks, and of diffusion through the U-Net. */
export async function latencyRows({ quick }: { quick: boolean }): Promise<Row[]> {
  const policies: Timed[] = [];
  const datasets = { "driving-urgent": await drivingData(6), "push-t": await pushTData(6) };
  for (const [task, dataset] of Object.entries(datasets)) {
    for (const head of HEADS) {
      policies.push(await timed(`${task}, ${head}`, await policyAfter(dataset, head, { updates: 2 })));
    }
  }
  const uNet = await policyAfter(datasets["push-t"], "diffusion", { updates: 2, uNet: true });
  policies.push(await timed("push-t, diffusion, U-Net 32,64,128, 16 steps", uNet));
  for (let round = 0; round < (quick ? 1 : ROUNDS); round++) {
    for (const policy of policies) await measureRound(policy);
  }
  for (const policy of policies) await policy.close();
  return policies.flatMap(rowsOf);
}
