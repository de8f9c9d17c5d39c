/** Behavioural cloning as a training problem: windows of a dataset, the loss of the head on normalised chunks. */
import { InputError } from "../../base/index.ts";
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
  /** Whose actions are to be imitated, and how much; default: all alike. */
  readonly supervision?: Supervision;
}

/** What is known of each of the N rows of a dataset that was recorded under supervision. */
export interface Supervision {
  /** `[N]`, how much each row counts; 0 where its action is nobody's to imitate. A window counts as its current row does. */
  readonly weights: Float32Array;
  /**
   * `[N]`: rows of one number follow from one another, each the state to which the action before it led. A chunk is
   * imitated as far as the stretch of its current row goes, so that it never joins what an expert did with what a policy did.
   */
  readonly stretches: Int32Array;
}

/**
 * The problem of cloning the given episodes. The columns stay with the runtime once; a batch gathers windows of rows
 * (docs/algorithms/bc.md, lines 2 to 5). Actions recorded in steps of a resolution are spread uniformly over the step
 * they stand for: a density would otherwise collapse onto the lattice (ALGORITHMS 3.6).
 */
export function cloningProblem(
  spec: PolicySpec,
  { dataset, episodeEnds, episodes, padding = "imitate", supervision }: CloningData,
): Problem {
  const model = modelOf(spec);
  const { observationHorizon: To, predictionHorizon: Tp } = spec.horizons;
  const [Do, Da] = [spec.observation.names.length, spec.action.names.length];
  const windows = windowsOf(episodeEnds, spec.horizons, episodes);
  const draws = drawsByShare(windows, dataset, supervision ? windowsThatCount(windows, supervision.weights) : null);
  const { observation, action } = dataset;
  const rows = action.values.length / Da;
  const { resolution } = action;
  const masks = supervision !== undefined || (padding === "mask" && windows.padded.includes(1));
  const present = masks ? presenceOf(windows, padding, supervision) : null;

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
      ...(present && { present: { shape: [windows.count, Tp], dtype: "float32" as const, data: present } }),
      ...(supervision && {
        weight: {
          shape: [windows.count],
          dtype: "float32" as const,
          data: Float32Array.from(
            { length: windows.count },
            (_, window) => supervision.weights[currentRow(windows, window)],
          ),
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
        ...(supervision && { weight: gather(columns.weight, window) }),
      });
    },
  };
}

/** The row at which the chunk of a window is planned: never a padded one. */
const currentRow = ({ action, horizons }: Windows, window: number): number =>
  action[window * horizons.predictionHorizon + horizons.observationHorizon - 1];

/** The windows whose current row counts. Throws InputError where none does. */
export function windowsThatCount(windows: Windows, weights: Float32Array): Int32Array {
  const counting = Int32Array.from({ length: windows.count }, (_, window) => window).filter(
    (window) => weights[currentRow(windows, window)] > 0,
  );
  if (counting.length === 0) {
    throw new InputError(
      `weights: found none above 0 in ${windows.count} windows, expected a step that an expert drove or labelled`,
    );
  }
  return counting;
}

/** `[W, Tp]`: 1 where a step of a chunk is to be imitated. */
export function presenceOf(windows: Windows, padding: Padding, supervision?: Supervision): Float32Array {
  const { count, action, padded, horizons } = windows;
  const { predictionHorizon: Tp } = horizons;
  const present = new Float32Array(count * Tp);
  for (let window = 0; window < count; window++) {
    const current = currentRow(windows, window);
    for (let place = window * Tp; place < (window + 1) * Tp; place++) {
      if (padding === "mask" && padded[place] === 1) continue;
      const row = action[place];
      const counts = !supervision || isImitated(supervision, row, current);
      if (counts) present[place] = 1;
    }
  }
  return present;
}

const isImitated = ({ weights, stretches }: Supervision, row: number, current: number): boolean =>
  weights[row] > 0 && stretches[row] === stretches[current];

/**
 * Which window each example is, where a dataset of several parts says how often each is to be drawn: windows of a part (those
 * that count, where not all do) are repeated, in turn, until the parts have their shares and none has fewer than all of its
 * own. Of one part alone those that count; null for all.
 */
function drawsByShare(
  { count, action, horizons }: Windows,
  { parts }: Dataset,
  counting: Int32Array | null,
): Int32Array | null {
  if (!parts) return counting;
  const own = parts.map((): number[] => []);
  for (const window of counting ?? Array(count).keys()) {
    const row = action[window * horizons.predictionHorizon];
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
