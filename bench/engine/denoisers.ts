/** The two noise predictors of the bench, in the form that training takes and in the one that sampling takes. */
import { nn, tensor } from "../../src/index.ts";

type Parameters = Readonly<Record<string, tensor.Tensor>>;

/** B batch, D = Tp · Da numbers of a chunk, G of the condition, N visited times. */
export interface ChunkDenoiser {
  readonly parameters: Readonly<Record<string, nn.ParameterSpec>>;
  /** The noise in x `[B, D]` at the times t `[B]` under the condition `[B, G]`: `[B, D]`. */
  predict(
    parameters: Parameters,
    input: { x: tensor.Tensor; t: tensor.Tensor; condition: tensor.Tensor },
  ): tensor.Tensor;
  /** The same at the step-th of the visited times, what does not depend on the noisy chunk computed once. */
  atTimes(
    parameters: Parameters,
    input: { times: readonly number[]; condition: tensor.Tensor },
  ): (noisy: tensor.Tensor, step: tensor.Tensor) => tensor.Tensor;
}

interface Sizes {
  readonly horizon: number;
  readonly action: number;
  readonly condition: number;
}

const TIME = 16;

/** MLP of 3 layers of 512 with Mish over chunk, time embedding and condition side by side (ALGORITHMS.md 4.4). */
export function perceptronDenoiser({ horizon, action, condition }: Sizes): ChunkDenoiser {
  const chunk = horizon * action;
  const time = nn.chain([
    nn.pure((t) => nn.sinusoidal(t, TIME)),
    nn.named("time.1", nn.linear(TIME, 2 * TIME)),
    nn.pure(nn.mish),
    nn.named("time.3", nn.linear(2 * TIME, TIME)),
  ]);
  const body = nn.named(
    "body",
    nn.mlp({ sizes: [chunk + TIME + condition, 512, 512, 512, chunk], activation: "mish" }),
  );
  return {
    parameters: nn.parametersOf([time, body]),
    predict: (parameters, { x, t, condition }) =>
      body.apply(parameters, tensor.concat([x, time.apply(parameters, t), condition])),
    atTimes(parameters, { times, condition }) {
      const embedded = time.apply(parameters, tensor.constant(times));
      return (noisy, step) => {
        const row = tensor.gather(embedded, tensor.reshape(step, [1]));
        const wide = tensor.broadcastTo(row, [noisy.shape[0], TIME]);
        return body.apply(parameters, tensor.concat([noisy, wide, condition]));
      };
    },
  };
}

/** Conditional 1-D U-Net of widths 64, 128, 256. */
export function uNetDenoiser({ horizon, action, condition }: Sizes): ChunkDenoiser {
  const network = nn.uNet({ action, condition, widths: [64, 128, 256], kernel: 5, groups: 8, time: 64 });
  const predict: ChunkDenoiser["predict"] = (parameters, { x, t, condition }) => {
    const shaped = tensor.reshape(x, [x.shape[0], horizon, action]);
    return tensor.reshape(network.apply(parameters, { x: shaped, t, condition }), x.shape);
  };
  return {
    parameters: network.parameters,
    predict,
    atTimes(parameters, { times, condition }) {
      const table = tensor.constant(times);
      return (x, step) => predict(parameters, { x, t: tensor.gather(table, tensor.reshape(step, [1])), condition });
    },
  };
}
