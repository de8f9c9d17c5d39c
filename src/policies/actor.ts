/** A policy file at work: it plans chunks for any number of episodes at once. */
import { InputError, type Key, randomStream, type Shape, sameShape, showShape, sizeOf } from "../base/index.ts";
import type { Runtime, Session } from "../runtime/index.ts";
import type { TypedArray } from "../tensor/index.ts";
import type { BatchActor } from "../world/index.ts";
import { type PolicyMetadata, policyMetadata } from "./export.ts";

export interface PolicyActor extends BatchActor {
  readonly metadata: PolicyMetadata;
  /** Rows that the file plans at once. */
  readonly batch: number;
  /** What `plan` does, with the standard normals themselves, `[N, noiseSize]`: for who draws many chunks under one key. */
  draw(histories: Float32Array, noises: Float32Array): Promise<Float32Array>;
  close(): Promise<void>;
}

/**
 * Opens the bytes of a policy file. Histories are planned in groups of the file's own batch, the last one filled up.
 * Throws an InputError, named after `where`, for a file that is no policy or cannot be run; so does the actor's `plan`.
 */
export async function openPolicy(runtime: Runtime, model: Uint8Array, where = "policy"): Promise<PolicyActor> {
  const metadata = policyMetadata(model, where);
  const refuse = (error: Error) => {
    if (error instanceof InputError) throw error;
    throw new InputError(`${where}: ${runtime.name} cannot run it: ${error.message.split("\n")[0]}`);
  };
  const session = await runtime.open(model).catch(refuse);
  checkPorts(session, metadata, where);
  const { observationHorizon: To, predictionHorizon: Tp } = metadata.horizons;
  const [Do, Da] = [metadata.observation.names.length, metadata.action.names.length];
  const { noiseSize } = metadata;
  const [batch] = session.inputs.observation.shape;
  const feeds: Record<string, TypedArray> = {};
  for (const [name, { shape }] of Object.entries(session.inputs)) feeds[name] = new Float32Array(sizeOf(shape));
  const actions = new Float32Array(batch * Tp * Da);

  const fill = (row: number, history: Float32Array, noise: Float32Array) => {
    feeds.observation.set(history.subarray((To - 1) * Do), row * Do);
    feeds.state?.set(history.subarray(0, (To - 1) * Do), row * (To - 1) * Do);
    feeds.noise?.set(noise, row * noiseSize);
  };
  const planRows = async (histories: Float32Array, rows: number, noiseFor: (row: number) => Float32Array) => {
    const chunks = new Float32Array(rows * Tp * Da);
    for (let first = 0; first < rows; first += batch) {
      const count = Math.min(batch, rows - first);
      for (let row = 0; row < count; row++) {
        const from = (first + row) * To * Do;
        fill(row, histories.subarray(from, from + To * Do), noiseFor(first + row));
      }
      await session.run(feeds, { actions }).catch(refuse);
      chunks.set(actions.subarray(0, count * Tp * Da), first * Tp * Da);
    }
    return chunks;
  };

  return {
    name: metadata.head,
    controller: "policy",
    horizons: metadata.horizons,
    metadata,
    batch,
    plan: (histories, keys) => planRows(histories, keys.length, (row) => noiseOf(keys[row], noiseSize)),
    draw: (histories, noises) =>
      planRows(histories, histories.length / (To * Do), (row) =>
        noises.subarray(row * noiseSize, (row + 1) * noiseSize),
      ),
    close: () => session.close(),
  };
}

/** The standard normals `[size]` with which an actor plans under a key. */
export function noiseOf(key: Key, size: number): Float32Array {
  const stream = randomStream(key);
  return Float32Array.from({ length: size }, () => stream.normal());
}

/** The same for many keys, `[N, size]`. */
export function noisesOf(keys: readonly Key[], size: number): Float32Array {
  const noises = new Float32Array(keys.length * size);
  keys.forEach((key, row) => {
    noises.set(noiseOf(key, size), row * size);
  });
  return noises;
}

/** Throws an InputError where the graph does not take and give what the metadata says. */
function checkPorts({ inputs, outputs }: Session, metadata: PolicyMetadata, where: string): void {
  const { observationHorizon: To, predictionHorizon: Tp } = metadata.horizons;
  const [Do, Da] = [metadata.observation.names.length, metadata.action.names.length];
  const batch = inputs.observation?.shape[0] ?? 1;
  const state = { state: [batch, To - 1, Do] };
  const noise = { noise: [batch, metadata.noiseSize] };
  const taken = { observation: [batch, Do], ...(To > 1 && state), ...(metadata.noiseSize > 0 && noise) };
  const check = (kind: string, ports: Session["inputs"], expected: Readonly<Record<string, Shape>>) => {
    for (const [name, shape] of Object.entries(expected)) {
      const found = ports[name];
      if (found?.dtype === "float32" && sameShape(found.shape, shape)) continue;
      const what = found ? `${found.dtype} ${showShape(found.shape)}` : "missing";
      throw new InputError(`${where}: ${kind} "${name}" is ${what}, expected float32 ${showShape(shape)}`);
    }
  };
  check("input", inputs, taken);
  check("output", outputs, { actions: [batch, Tp, Da] });
  const stray = Object.keys(inputs).find((name) => !(name in taken));
  if (stray) throw new InputError(`${where}: input "${stray}", expected ${Object.keys(taken).join(", ")} only`);
}
