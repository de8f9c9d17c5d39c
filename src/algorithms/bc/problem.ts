/** Behavioural cloning as a training problem: windows of a dataset, the loss of the head on normalised chunks. */
import { type Dataset, windowsOf } from "../../datasets/index.ts";
import { modelOf, normalise, type PolicySpec } from "../../policies/index.ts";
import { add, constant, gather, mul, randomUniform, reshape, sub } from "../../tensor/index.ts";
import type { Problem } from "../../training/index.ts";

/**
 * The problem of cloning the given episodes. The columns stay with the runtime once; a batch gathers windows of rows
 * (docs/algorithms/bc.md, lines 2 to 5). Actions recorded in steps of a resolution are spread uniformly over the step
 * they stand for: a density would otherwise collapse onto the lattice (ALGORITHMS 3.6).
 */
export function cloningProblem(
  spec: PolicySpec,
  { dataset, episodeEnds, episodes }: { dataset: Dataset; episodeEnds: Int32Array; episodes: ArrayLike<number> },
): Problem {
  const { network, head } = modelOf(spec);
  const { observationHorizon: To, predictionHorizon: Tp } = spec.horizons;
  const [Do, Da] = [spec.observation.names.length, spec.action.names.length];
  const windows = windowsOf(episodeEnds, spec.horizons, episodes);
  const { observation, action } = dataset;
  const rows = action.values.length / Da;
  const { resolution } = action;

  return {
    parameters: network.parameters,
    exampleCount: windows.count,
    columns: {
      observation: { shape: [rows, Do], dtype: "float32", data: observation.values },
      action: { shape: [rows, Da], dtype: "float32", data: action.values },
      observationRows: { shape: [windows.count, To], dtype: "int32", data: windows.observation },
      actionRows: { shape: [windows.count, Tp], dtype: "int32", data: windows.action },
    },
    loss({ parameters, columns, examples, key }) {
      const [batch] = examples.shape;
      const histories = gather(columns.observation, gather(columns.observationRows, examples));
      const recorded = gather(columns.action, gather(columns.actionRows, examples));
      const within = sub(randomUniform(key, recorded.shape), 0.5);
      const chunks = resolution ? add(recorded, mul(within, constant(resolution))) : recorded;
      const seen = reshape(normalise(histories, spec.observation.normaliser), [batch, To * Do]);
      const output = network.apply(parameters, seen);
      return head.loss(output, reshape(normalise(chunks, spec.action.normaliser), [batch, Tp * Da]));
    },
  };
}
