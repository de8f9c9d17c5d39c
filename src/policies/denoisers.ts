/** Networks over noisy chunks, for diffusion and flow: from a condition `[B, G]` to what the head reads. */
import { InputError } from "../base/index.ts";
import type { Denoising } from "../heads/index.ts";
import {
  chain,
  type Layer,
  linear,
  mish,
  mlp,
  named,
  parametersOf,
  pure,
  residualMlp,
  sinusoidal,
  uNet,
} from "../nn/index.ts";
import { broadcastTo, concat, constant, gather, reshape, type Tensor } from "../tensor/index.ts";
import type { NetworkRecipe } from "./recipe.ts";

interface Sizes {
  /** Tp and Da. */
  readonly horizon: number;
  readonly action: number;
  /** G. */
  readonly condition: number;
}

/**
 * The denoiser of a recipe, its parameters under `network.`. Throws an InputError where Tp cannot be halved as often as a
 * U-Net halves it.
 */
export function denoiserOf(recipe: NetworkRecipe, sizes: Sizes): Layer<Tensor, Denoising> {
  return named("network", recipe.kind === "mlp" ? perceptron(recipe, sizes) : chunkNetwork(recipe, sizes));
}

type Recipe<Kind extends NetworkRecipe["kind"]> = Extract<NetworkRecipe, { kind: Kind }>;
type DenoiserLayer = ReturnType<typeof denoiserOf>;

/** Numbers of the perceptron's time embedding (DPPO; ALGORITHMS 4.4). */
const TIME = 16;

/** Chunk, time embedding and condition side by side through a perceptron with Mish. */
function perceptron({ hidden, residual }: Recipe<"mlp">, { horizon, action, condition }: Sizes): DenoiserLayer {
  const size = horizon * action;
  const time = chain([
    pure((t) => sinusoidal(t, TIME)),
    named("time.1", linear(TIME, 2 * TIME)),
    pure(mish),
    named("time.3", linear(2 * TIME, TIME)),
  ]);
  const layers = { sizes: [size + TIME + condition, ...hidden, size], activation: "mish" } as const;
  const body = named("body", residual ? residualMlp(layers) : mlp(layers));
  return {
    parameters: parametersOf([time, body]),
    apply: (parameters, given) => ({
      at: (noisy, t) => body.apply(parameters, concat([noisy, time.apply(parameters, t), given])),
      atTimes(times) {
        const embedded = time.apply(parameters, constant(times));
        return (noisy, step) => {
          const row = gather(embedded, reshape(step, [1]));
          return body.apply(parameters, concat([noisy, broadcastTo(row, [noisy.shape[0], TIME]), given]));
        };
      },
    }),
  };
}

/** The U-Net over the chunk; the condition modulates every block. */
function chunkNetwork(recipe: Recipe<"u-net">, { horizon, action, condition }: Sizes): DenoiserLayer {
  const { widths, kernel, time } = recipe;
  const multiple = 2 ** (widths.length - 1);
  if (horizon % multiple !== 0) {
    throw new InputError(
      `horizons.predictionHorizon: found ${horizon}, expected a multiple of ${multiple} for a u-net of ${widths.length} levels`,
    );
  }
  const network = uNet({ action, condition, widths, kernel, groups: 8, time });
  return {
    parameters: network.parameters,
    apply: (parameters, given) => {
      const at: Denoising["at"] = (noisy, t) => {
        const x = reshape(noisy, [noisy.shape[0], horizon, action]);
        return reshape(network.apply(parameters, { x, t, condition: given }), noisy.shape);
      };
      return {
        at,
        atTimes(times) {
          const table = constant(times);
          return (noisy, step) => at(noisy, gather(table, reshape(step, [1])));
        },
      };
    },
  };
}
