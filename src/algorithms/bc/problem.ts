/** Behavioural cloning as a training problem: windows of a dataset, the loss of the head on normalised chunks. */
import { type Dataset, type Windows, windowsOf } from "../../datasets/index.ts";
import { modelOf, normalise, type PolicySpec } from "../../policies/index.ts";
import {
  add,
  broadcastTo,
  constant,
  expand,
  foldInKey,
  gather,
  mul,
  randomUniform,
  reshape,
  sub,
  type Tensor,
} from "../../tensor/index.ts";
import type { Problem } from "../../training/index.ts";

/** Whether the steps that pad a window beyond its episode's ends are imitated, as edge values, or left out of the loss. */
export type Padding = "imitate" | "mask";

export interface CloningData {
  readonly dataset: Dataset;
  readonly episodeEnds: Int32Array;
  readonly episodes: ArrayLike<number>;
  /** Default "imitate" (diffusion_policy; ALGORITHMS 1.1). */
  readonly padding?: Padding;
}

/**
 * The problem of cloning the given episodes. The columns stay with the runtime once; a batch gathers windows of rows
 * (docs/algorithms/bc.md, lines 2 to 5). Actions recorded in steps of a resolution are spread uniformly over the step
 * they stand for: a density would otherwise collapse onto the lattice (ALGORITHMS 3.6).
 */
export function cloningProblem(
  spec: PolicySpec,
  { dataset, episodeEnds, episodes, padding = "imitate" }: CloningData,
): Problem {
  const model = modelOf(spec);
  const { observationHorizon: To, predictionHorizon: Tp } = spec.horizons;
  const [Do, Da] = [spec.observation.names.length, spec.action.names.length];
  const windows = windowsOf(episodeEnds, spec.horizons, episodes);
  const draws = drawsByShare(windows, dataset, spec.horizons.predictionHorizon);
  const { observation, action } = dataset;
  const rows = action.values.length / Da;
  const { resolution } = action;
  const masks = padding === "mask" && windows.padded.includes(1);

  /** `[B, Tp · Da]`: 1 where the step lies within its episode. */
  const presence = (columns: Readonly<Record<string, Tensor>>, window: Tensor) => {
    const [batch] = window.shape;
    const steps = expand(gather(columns.present, window), 2);
    return reshape(broadcastTo(steps, [batch, Tp, Da]), [batch, Tp * Da]);
  };

  return {
    parameters: model.parameters,
    exampleCount: draws?.length ?? windows.count,
    columns: {
      observation: { shape: [rows, Do], dtype: "float32", data: observation.values },
      action: { shape: [rows, Da], dtype: "float32", data: action.values },
      observationRows: { shape: [windows.count, To], dtype: "int32", data: windows.observation },
      actionRows: { shape: [windows.count, Tp], dtype: "int32", data: windows.action },
      ...(draws && { windows: { shape: [draws.length], dtype: "int32" as const, data: draws } }),
      ...(masks && {
        present: {
          shape: [windows.count, Tp],
          dtype: "float32" as const,
          data: Float32Array.from(windows.padded, (padded) => 1 - padded),
        },
      }),
    },
    loss({ parameters, columns, examples, key }) {
      const [batch] = examples.shape;
      const window = draws ? gather(columns.windows, examples) : examples;
      const histories = gather(columns.observation, gather(columns.observationRows, window));
      const recorded = gather(columns.action, gather(columns.actionRows, window));
      const within = sub(randomUniform(foldInKey(key, constant([0], [], "int32")), recorded.shape), 0.5);
      const chunks = resolution ? add(recorded, mul(within, constant(resolution))) : recorded;
      return model.loss(parameters, {
        histories: normalise(histories, spec.observation.normaliser),
        chunks: reshape(normalise(chunks, spec.action.normaliser), [batch, Tp * Da]),
        key: foldInKey(key, constant([1], [], "int32")),
        ...(masks && { present: presence(columns, window) }),
      });
    },
  };
}

/**
 * Which window each example is, where a dataset of several parts says how often each is to be drawn: windows of a part are
 * repeated, in turn, until the parts have their shares and none has fewer than all of its own. Null for one part alone.
 */
function drawsByShare({ count, action }: Windows, { parts }: Dataset, horizon: number): Int32Array | null {
  if (!parts) return null;
  const own = parts.map((): number[] => []);
  for (let window = 0; window < count; window++) {
    const row = action[window * horizon];
    own[parts.findIndex(({ end }) => row < end)].push(window);
  }
  const shares = parts.map(({ weight }, part) => (own[part].length > 0 ? weight : 0));
  const sum = shares.reduce((total, share) => total + share, 0);
  const total = Math.max(...own.map((windows, part) => (shares[part] > 0 ? (windows.length * sum) / shares[part] : 0)));
  return Int32Array.from(
    own.flatMap((windows, part) => {
      const wanted = Math.round((total * shares[part]) / sum);
      return Array.from({ length: wanted }, (_, index) => windows[index % windows.length]);
    }),
  );
}
