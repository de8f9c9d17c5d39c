/**
 * Whether a policy file does what the policy does: the same histories and the same noise through both, the policy by ways
 * that do not go through the file (docs/export.md).
 */
import type { Key } from "../base/index.ts";
import { exportPolicy, modelOf, noiseOf, openPolicy, type Policy, policyProgram } from "../policies/index.ts";
import type { Runtime } from "../runtime/index.ts";
import { nodeRuntime } from "../runtime/node.ts";
import { webRuntime } from "../runtime/web.ts";
import { interpret, type Program } from "../tensor/index.ts";

/** One way of computing the policy, beside the file in onnxruntime-node. */
export interface ParityComparison {
  readonly against: string;
  /** Histories compared. */
  readonly rows: number;
  /** The largest difference of one number of a chunk, in normalised actions; ties are left out. */
  readonly largest: number;
  /** Rows that chose another mode or bin where the choice hung on less than 1e-6 of probability. */
  readonly ties: number;
}

export interface Parity {
  readonly histories: number;
  /** What a difference must not exceed, in normalised actions, whose range is -1 to 1. */
  readonly limit: number;
  readonly comparisons: readonly ParityComparison[];
  readonly passed: boolean;
}

export interface ParityRequest {
  readonly policy: Policy;
  /** The bytes of its file. */
  readonly file: Uint8Array;
  /** `[B, To, Do]`, in the task's units. */
  readonly histories: Float32Array;
  /** One for each history. */
  readonly keys: readonly Key[];
  /** Time after which the reference, which is slow, begins no further row, ms; default 5,000. */
  readonly patience?: number;
}

/** Rounding errors pass through every sampling step of diffusion and flow. */
const LIMITS: Readonly<Record<string, number>> = { diffusion: 1e-4, flow: 1e-4 };
const LIMIT = 1e-5;
/** How near, in probability, two choices are that may fall either way. */
const TIE = 1e-6;
/** The reference is asked about so many rows that differ; more are no ties. */
const MOST_EXAMINED = 8;
/** Changes of the logits that are tried where the likeliest choice is taken. */
const PATTERNS = 16;

/**
 * Compares the file, run by onnxruntime-node, with the policy's program computed by the reference interpreter in float64,
 * row by row; with the policy in another batch; and with the file in onnxruntime-web's WebAssembly.
 */
export async function checkParity(request: ParityRequest): Promise<Parity> {
  const { policy, file, histories, keys } = request;
  const node = nodeRuntime();
  const planBy = (runtime: Runtime, model: Uint8Array) => planWith(runtime, model, request);
  const found = await planBy(node, file);
  const fileBatch = (await batchOf(node, file)) === 1 ? keys.length : 1;
  const live = livePolicy(policy, request);
  const ways = [
    { against: "reference interpreter, float64", chunks: referenceChunks(live, request) },
    {
      against: `onnxruntime-node, ${fileBatch === 1 ? "row by row" : `${fileBatch} rows at once`}`,
      chunks: await planBy(node, exportPolicy(policy, { batch: fileBatch })),
    },
    { against: "onnxruntime-web, WebAssembly", chunks: await planBy(await webRuntime(), file) },
  ];
  const limit = LIMITS[policy.spec.recipe.head.kind] ?? LIMIT;
  const comparisons = ways.map(({ against, chunks }) => ({ against, ...compareRows(found, chunks, live, limit) }));
  const passed = comparisons.every(({ largest }) => largest <= limit);
  return { histories: histories.length / live.historySize, limit, comparisons, passed };
}

async function planWith(runtime: Runtime, model: Uint8Array, { histories, keys }: ParityRequest) {
  const actor = await openPolicy(runtime, model);
  try {
    return await actor.plan(histories, keys);
  } finally {
    await actor.close();
  }
}

async function batchOf(runtime: Runtime, file: Uint8Array): Promise<number> {
  const session = await runtime.open(file);
  await session.close();
  return session.inputs.observation.shape[0];
}

/** The policy itself: its program, interpreted in float64. */
interface LivePolicy {
  readonly policy: Policy;
  /** Numbers of a history, and of a chunk. */
  readonly historySize: number;
  readonly chunkSize: number;
  /** The chunk [Tp, Da] of one history; of the program of another policy, or with other noise, where they are given. */
  readonly plan: (row: number, change?: { policy?: Policy; noise?: ArrayLike<number> }) => ArrayLike<number>;
  readonly noise: (row: number) => Float32Array;
}

function livePolicy(policy: Policy, { histories, keys }: ParityRequest): LivePolicy {
  const { spec } = policy;
  const { observationHorizon: To, predictionHorizon: Tp } = spec.horizons;
  const Do = spec.observation.names.length;
  const own = policyProgram(policy);
  const { noiseSize } = modelOf(spec);
  const noise = (row: number) => noiseOf(keys[row], noiseSize);
  return {
    policy,
    historySize: To * Do,
    chunkSize: Tp * spec.action.names.length,
    noise,
    plan(row, change = {}) {
      const history = histories.subarray(row * To * Do, (row + 1) * To * Do);
      const program: Program = change.policy ? policyProgram(change.policy) : own;
      return interpret(program, {
        observation: history.subarray((To - 1) * Do),
        state: history.subarray(0, (To - 1) * Do),
        noise: change.noise ?? noise(row),
      }).actions.data;
    },
  };
}

/** The chunks of the first rows, as many as there is patience for, and at least one. */
function referenceChunks(live: LivePolicy, { keys, patience = 5_000 }: ParityRequest): Float64Array {
  const started = performance.now();
  const chunks: number[] = [];
  for (let row = 0; row < keys.length; row++) {
    if (row > 0 && performance.now() - started > patience) break;
    chunks.push(...Array.from(live.plan(row)));
  }
  return Float64Array.from(chunks);
}

function compareRows(
  found: ArrayLike<number>,
  expected: ArrayLike<number>,
  live: LivePolicy,
  limit: number,
): Omit<ParityComparison, "against"> {
  const rows = expected.length / live.chunkSize;
  const rowOf = (chunks: ArrayLike<number>, row: number) =>
    Array.from({ length: live.chunkSize }, (_, i) => chunks[row * live.chunkSize + i]);
  let [largest, ties, examined] = [0, 0, 0];
  for (let row = 0; row < rows; row++) {
    const pair = [rowOf(found, row), rowOf(expected, row)];
    const apart = difference(live.policy, pair[0], pair[1]);
    if (apart > limit && examined++ < MOST_EXAMINED && isTie(live, { row, pair, limit })) ties += 1;
    else largest = Math.max(largest, apart);
  }
  return { rows, largest, ties };
}

/** The largest difference of two chunks in normalised actions; infinite where one is not finite. */
function difference({ spec }: Policy, one: readonly number[], other: ArrayLike<number>): number {
  const { scale } = spec.action.normaliser;
  const apart = one.map((value, i) => Math.abs((value - other[i]) * scale[i % scale.length]));
  return apart.every(Number.isFinite) ? Math.max(...apart) : Infinity;
}

/** Whether both chunks are what the policy itself does when its choice is moved by 1e-6 of probability. */
function isTie(
  live: LivePolicy,
  { row, pair, limit }: { row: number; pair: readonly (readonly number[])[]; limit: number },
): boolean {
  const { head } = live.policy.spec.recipe;
  if (head.kind !== "gmm" && head.kind !== "autoregressive") return false;
  const noise = live.noise(row);
  const draws = head.kind === "autoregressive" ? head.temperature > 0 : head.sampling !== "deterministic";
  const moved = draws
    ? [-1, 1].map((way) => live.plan(row, { noise: movedNoise(noise, way, head.kind === "gmm" ? 1 : noise.length) }))
    : Array.from({ length: PATTERNS }, (_, i) => live.plan(row, { policy: movedLogits(live.policy, i) }));
  const answers = [live.plan(row), ...moved];
  return pair.every((chunk) => answers.some((answer) => difference(live.policy, chunk, answer) <= limit));
}

/** The first `count` normals, moved so that the uniform numbers Φ(z) move by `TIE`. */
function movedNoise(noise: Float32Array, way: number, count: number): Float64Array {
  const density = (z: number) => Math.exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI);
  return Float64Array.from(noise, (z, i) => (i < count ? z + way * Math.min(TIE / density(z), 1) : z));
}

/** The policy with the biases of what its head reads moved by `TIE`, each up or down by the bits of its place. */
function movedLogits(policy: Policy, pattern: number): Policy {
  const name = Object.keys(policy.parameters).findLast((path) => path.endsWith("bias"))!;
  const isUp = (place: number) =>
    pattern < 2 ? (place + pattern) % 2 : (Math.imul(place + 1, 0x9e3779b1 + 2 * pattern) >>> 16) & 1;
  const bias = policy.parameters[name].map((value, place) => value + (isUp(place) ? TIE : -TIE));
  return { ...policy, parameters: { ...policy.parameters, [name]: bias } };
}
