/** Many chunks at one history, from a policy that draws: what scores of its distribution look at. */
import { InputError, type Key } from "../../base/index.ts";
import { chunksOf, modelOf, noisesOf, type Policy } from "../../policies/index.ts";
import { openRows, type Runtime } from "../../runtime/index.ts";
import { broadcastTo, expand, input, program, reshape } from "../../tensor/index.ts";
import type { Horizons } from "../../world/index.ts";
import { normalised } from "./score.ts";

export interface Sampler {
  readonly policy: Policy;
  /** S. */
  readonly samples: number;
  /**
   * `[N, S, Tp, Da]`, normalised, at histories `[N, To, Do]` in the task's units. Not to be changed: what is asked again is
   * not drawn again, so that several scores of one moment cost as much as one.
   */
  draw(histories: Float32Array, keys: readonly Key[]): Promise<Float32Array>;
  close(): Promise<void>;
}

/** What STAC asks of who draws: a sampler, or any other who can be asked of a policy whose parameters are not at hand. */
export interface Draws extends Pick<Sampler, "samples" | "draw" | "close"> {
  readonly horizons: Horizons;
  /** Da. */
  readonly actionSize: number;
}

export interface SamplerOptions {
  /** S; default 64. STAC draws 256. */
  readonly samples?: number;
  /** Histories at once. */
  readonly batch?: number;
}

/** May be shared by scores and closed by each of them. Throws an InputError for a policy whose sampling draws nothing. */
export async function openSampler(
  runtime: Runtime,
  policy: Policy,
  { samples = 64, batch = 4 }: SamplerOptions = {},
): Promise<Sampler> {
  const { observation, action, horizons, recipe } = policy.spec;
  const { noiseSize } = modelOf(policy.spec);
  if (noiseSize === 0) {
    throw new InputError(
      `policy.head: "${recipe.head.kind}" as it is sampled here plans the same every time, expected one that draws`,
    );
  }
  const { observationHorizon: To, predictionHorizon: Tp } = horizons;
  const [Do, Da] = [observation.names.length, action.names.length];
  const histories = input("histories", [batch, To, Do]);
  const noise = input("noise", [batch, samples * noiseSize]);
  const repeated = reshape(broadcastTo(expand(histories, 1), [batch, samples, To, Do]), [batch * samples, To, Do]);
  const chunks = chunksOf(policy, repeated, reshape(noise, [batch * samples, noiseSize]));
  const drawn = reshape(chunks, [batch, samples * Tp * Da]);
  const session = await openRows(runtime, program([histories, noise], { drawn }), batch);
  let last: { seen: Float32Array; keys: readonly Key[]; chunks: Float32Array } | null = null;
  let closing: Promise<void> | null = null;
  return {
    policy,
    samples,
    async draw(seen, keys) {
      if (last && isSame(last, { seen, keys })) return last.chunks;
      const normals = noisesOf(keys, samples * noiseSize);
      const found = await session.run(keys.length, { histories: seen, noise: normals });
      last = { seen: seen.slice(), keys, chunks: normalised(found.drawn, action.normaliser) };
      return last.chunks;
    },
    close() {
      closing ??= session.close();
      return closing;
    },
  };
}

interface Question {
  readonly seen: Float32Array;
  readonly keys: readonly Key[];
}

function isSame(one: Question, other: Question): boolean {
  const keys = one.keys.length === other.keys.length && one.keys.every((key, i) => key.join() === other.keys[i].join());
  return keys && one.seen.length === other.seen.length && one.seen.every((value, i) => value === other.seen[i]);
}
