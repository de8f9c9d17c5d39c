/** Several policies of one spec, which differ in their parameters alone: where they disagree, the data said little. */
import { branch, foldIn, type Key, type Leaves } from "../base/index.ts";
import { openRows, type Runtime } from "../runtime/index.ts";
import { input, type Program, program } from "../tensor/index.ts";
import type { BatchActor } from "../world/index.ts";
import { noisesOf } from "./actor.ts";
import { chunksOf } from "./export.ts";
import { modelOf, type Policy, type PolicySpec } from "./policy.ts";

export interface Ensemble {
  readonly spec: PolicySpec;
  /** K. */
  readonly members: number;
  /** Those of member k under `k.`. */
  readonly parameters: Leaves<Float32Array>;
}

/** Member k as a policy of its own. Throws RangeError where there is none. */
export function memberOf({ spec, members, parameters }: Ensemble, k: number): Policy {
  if (!(Number.isInteger(k) && k >= 0 && k < members)) {
    throw new RangeError(`member: found ${k}, expected an integer from 0 to ${members - 1}`);
  }
  return { spec, parameters: branch(parameters, String(k)) };
}

/** Acts by the mean of its members' chunks. */
export interface EnsembleActor extends BatchActor {
  readonly spec: PolicySpec;
  /** K. */
  readonly members: number;
  /** What each member plans: `[K, N, Tp, Da]`, in the task's units; `plan` is the mean over K. */
  planEach(histories: Float32Array, keys: readonly Key[]): Promise<Float32Array>;
  close(): Promise<void>;
}

/** All members in one graph, which plans for `batch` rows at once. */
export async function openEnsemble(
  runtime: Runtime,
  ensemble: Ensemble,
  { batch = 64 }: { batch?: number } = {},
): Promise<EnsembleActor> {
  const { spec, members } = ensemble;
  const { noiseSize } = modelOf(spec);
  const size = spec.horizons.predictionHorizon * spec.action.names.length;
  const session = await openRows(runtime, ensembleProgram(ensemble, batch), batch);

  const planEach = async (histories: Float32Array, keys: readonly Key[]) => {
    const rows = keys.length;
    const noise = (k: number) => {
      const own = keys.map((key) => foldIn(key, k));
      return noisesOf(own, noiseSize);
    };
    const drawn = noiseSize > 0 ? Array.from({ length: members }, (_, k) => [`noise.${k}`, noise(k)] as const) : [];
    const plans = await session.run(rows, { histories, ...Object.fromEntries(drawn) });
    const chunks = new Float32Array(members * rows * size);
    for (let k = 0; k < members; k++) chunks.set(plans[`chunks.${k}`], k * rows * size);
    return chunks;
  };

  return {
    name: `${spec.recipe.head.kind} x ${members}`,
    controller: "policy",
    horizons: spec.horizons,
    spec,
    members,
    planEach,
    async plan(histories, keys) {
      const chunks = await planEach(histories, keys);
      const length = keys.length * size;
      return Float32Array.from({ length }, (_, i) => {
        let sum = 0;
        for (let k = 0; k < members; k++) sum += chunks[k * length + i];
        return sum / members;
      });
    },
    close: () => session.close(),
  };
}

/** From `histories` and each member's normals `noise.k` to its chunks `chunks.k`. */
function ensembleProgram(ensemble: Ensemble, batch: number): Program {
  const { spec, members } = ensemble;
  const { noiseSize } = modelOf(spec);
  const histories = input("histories", [batch, spec.horizons.observationHorizon, spec.observation.names.length]);
  const noise = Array.from({ length: members }, (_, k) => input(`noise.${k}`, [batch, noiseSize]));
  const chunks = noise.map((normals, k) => [`chunks.${k}`, chunksOf(memberOf(ensemble, k), histories, normals)]);
  return program([histories, ...(noiseSize > 0 ? noise : [])], Object.fromEntries(chunks));
}
