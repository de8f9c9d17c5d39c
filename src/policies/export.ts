/**
 * A policy as one `.onnx` file: (observation, state, noise) -> (actions, state'). Normalisation is inside; the history of
 * observations is the state; randomness enters as standard normals. What a user must know besides is metadata.
 */
import { z } from "zod";
import { InputError } from "../base/index.ts";
import type { Normaliser } from "../datasets/index.ts";
import { parameterConstants } from "../nn/index.ts";
import { toOnnx } from "../onnx/index.ts";
import { describe } from "../runtime/index.ts";
import { concat, expand, input, type Program, program, reshape, slice, type Tensor } from "../tensor/index.ts";
import { modelOf, normalise, type Policy, type PolicySpec, restore } from "./policy.ts";

/** Key of the metadata entry that holds a `PolicyMetadata` as JSON. */
const METADATA_KEY = "apprentice.policy";
/** Key of the entry that holds the recipe of encoder, network and head, sampling included, as JSON: for people. */
const RECIPE_KEY = "apprentice.recipe";

/** Key of the entry that tells how the policy normalises actions, as JSON: scale · action + offset is what its head draws. */
const SCALE_KEY = "apprentice.scale";

const space = z.object({ names: z.array(z.string()).nonempty(), units: z.array(z.string()) });
const horizon = z.number().int().positive();

/** Horizons as they stand in a file; the executed slice lies within the prediction. */
export const horizonsSchema = z
  .strictObject({ observationHorizon: horizon, predictionHorizon: horizon, actionHorizon: horizon })
  .refine(
    ({ observationHorizon, predictionHorizon, actionHorizon }) =>
      predictionHorizon >= observationHorizon - 1 + actionHorizon,
    "expected predictionHorizon of at least observationHorizon - 1 + actionHorizon",
  );

/** What travels in the file besides the graph. */
const metadataSchema = z.object({
  version: z.literal(1),
  task: z.string(),
  head: z.string(),
  observation: space,
  action: space,
  horizons: horizonsSchema,
  controlRate: z.number().positive(),
  /** Standard normals per row; without any, the policy has no input `noise`. */
  noiseSize: z.number().int().nonnegative(),
  /** How the input `state` begins; absent where one observation is enough. */
  state: z.object({ meaning: z.string(), initial: z.string() }).optional(),
});

export type PolicyMetadata = z.infer<typeof metadataSchema>;

/**
 * The file's bytes, for `batch` rows at once: `policyProgram` as ONNX, with what must be known besides as metadata
 * (docs/export.md).
 */
export function exportPolicy(policy: Policy, { batch = 1 }: { batch?: number } = {}): Uint8Array {
  const { spec } = policy;
  const { scale, offset } = spec.action.normaliser;
  const metadata = {
    [METADATA_KEY]: JSON.stringify(metadataOf(spec)),
    [RECIPE_KEY]: JSON.stringify(spec.recipe),
    [SCALE_KEY]: JSON.stringify({ scale: [...scale], offset: [...offset] }),
  };
  return toOnnx(policyProgram(policy, { batch }), { name: "policy", metadata });
}

/**
 * What a policy computes, for `batch` rows at once. Inputs: `observation` `[B, Do]`, the newest; `state` `[B, To - 1, Do]`,
 * those before it, oldest first (at the start of an episode the first observation again); `noise` `[B, noiseSize]`.
 * Outputs: `actions` `[B, Tp, Da]` in the task's units, of which steps To - 1 … To - 1 + Ta - 1 are to be executed;
 * `next_state`, the state for the following step. Without a past (To = 1) there is no state, without chance no noise.
 */
export function policyProgram(policy: Policy, { batch = 1 }: { batch?: number } = {}): Program {
  const { spec } = policy;
  const { observation, horizons } = spec;
  const noiseSize = modelOf(spec).noiseSize;
  const [Do, To] = [observation.names.length, horizons.observationHorizon];

  const newest = input("observation", [batch, Do]);
  const state = input("state", [batch, To - 1, Do]);
  const noise = input("noise", [batch, noiseSize]);
  const history = To === 1 ? expand(newest, 1) : concat([state, expand(newest, 1)], 1);

  const outputs: Record<string, Tensor> = { actions: chunksOf(policy, history, noise) };
  if (To > 1) outputs.next_state = slice(history, 1, 1, To);
  const inputs = [newest, ...(To > 1 ? [state] : []), ...(noiseSize > 0 ? [noise] : [])];
  return program(inputs, outputs);
}

/** What a policy plans, `[B, Tp, Da]`, at histories `[B, To, Do]` with normals `[B, noiseSize]`; all in the task's units. */
export function chunksOf({ spec, parameters }: Policy, histories: Tensor, noise: Tensor): Tensor {
  const { observation, action, horizons } = spec;
  const model = modelOf(spec);
  const constants = parameterConstants(model.parameters, parameters);
  const chunk = model.sample(constants, normalise(histories, observation.normaliser), noise);
  const shape = [histories.shape[0], horizons.predictionHorizon, action.names.length];
  return restore(reshape(chunk, shape), action.normaliser);
}

/** What the file of such a policy says of it. */
export function metadataOf(spec: PolicySpec): PolicyMetadata {
  const { task, observation, action, horizons, controlRate, recipe } = spec;
  const plain = ({ names, units }: PolicySpec["action"]) => ({ names: [...names], units: [...units] });
  const state = {
    meaning: "the observations before the newest one, oldest first",
    initial: "the first observation of the episode, repeated",
  };
  return {
    version: 1,
    task,
    head: recipe.head.kind,
    observation: plain(observation),
    action: plain(action),
    horizons,
    controlRate,
    noiseSize: modelOf(spec).noiseSize,
    ...(horizons.observationHorizon > 1 && { state }),
  };
}

/** The metadata of a policy file. Throws an InputError, named after `where`, for a file that is none of ours. */
export function policyMetadata(model: Uint8Array, where: string): PolicyMetadata {
  let text: string | undefined;
  try {
    text = describe(model).metadata[METADATA_KEY];
  } catch (error) {
    throw new InputError(`${where}: not a readable .onnx file (${(error as Error).message})`);
  }
  if (text === undefined) throw new InputError(`${where}: an .onnx file without "${METADATA_KEY}", expected a policy`);
  const parsed = metadataSchema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new InputError(`${where}: ${METADATA_KEY}: ${issue.path.join(".") || "content"}: ${issue.message}`);
}

const scaleSchema = z.object({ scale: z.array(z.number()), offset: z.array(z.number()) });

/**
 * How the policy of a file normalises actions; null in a file that does not say so, as those did that were written before
 * it was kept there. Throws an InputError, named after `where`, for a file that is none of ours.
 */
export function actionScale(model: Uint8Array, where: string): Normaliser | null {
  const size = policyMetadata(model, where).action.names.length;
  const { data } = scaleSchema.safeParse(parseJson(describe(model).metadata[SCALE_KEY] ?? ""));
  if (data?.scale.length !== size || data.offset.length !== size) return null;
  return { scale: Float32Array.from(data.scale), offset: Float32Array.from(data.offset) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
