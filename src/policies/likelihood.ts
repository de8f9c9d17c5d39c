/** The density of recorded chunks under a policy, for comparing heads on held-out data. */
import { parameterConstants } from "../nn/index.ts";
import { toOnnx } from "../onnx/index.ts";
import type { Runtime } from "../runtime/index.ts";
import { input, program, reshape } from "../tensor/index.ts";
import { modelOf, normalise, type Policy } from "./policy.ts";

/** log p(chunk | history) of whole chunks, natural, for normalised actions; null for a head without a density. */
export async function logProbabilities(
  runtime: Runtime,
  policy: Policy,
  { histories, chunks }: { histories: Float32Array; chunks: Float32Array },
): Promise<Float32Array | null> {
  const { spec } = policy;
  const { parameters: shapes, logProbability } = modelOf(spec);
  if (!logProbability) return null;
  const { observationHorizon: To, predictionHorizon: Tp } = spec.horizons;
  const [Do, Da] = [spec.observation.names.length, spec.action.names.length];
  const count = chunks.length / (Tp * Da);
  const history = input("history", [count, To, Do]);
  const chunk = input("chunk", [count, Tp, Da]);
  const parameters = parameterConstants(shapes, policy.parameters);
  const values = logProbability(parameters, {
    histories: normalise(history, spec.observation.normaliser),
    chunks: reshape(normalise(chunk, spec.action.normaliser), [count, Tp * Da]),
  });
  const session = await runtime.open(toOnnx(program([history, chunk], { values }), { name: "likelihood" }));
  const results = await session.run({ history: histories, chunk: chunks });
  await session.close();
  return results.values as Float32Array;
}
