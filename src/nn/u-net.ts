/**
 * The conditional 1-D U-Net of diffusion policies (Chi et al. 2023; ALGORITHMS.md 4.2). Inside, activations are
 * `[L, B, C]`: positions first, channels last.
 */
import { add, broadcastTo, concat, mul, splitAxis, type Tensor, transpose } from "../tensor/index.ts";
import { mish } from "./activation.ts";
import { conv1d, convTranspose1d } from "./convolution.ts";
import { sinusoidal } from "./embedding.ts";
import { chain, type Layer, named, parametersOf, pure } from "./layer.ts";
import { linear } from "./linear.ts";
import { groupNorm } from "./norm.ts";

export interface ConvBlockOptions {
  readonly inputs: number;
  readonly outputs: number;
  /** Odd, so that the length stays. */
  readonly kernel: number;
  readonly groups: number;
}

/** Convolution, group norm, Mish: `[L, B, inputs]` to `[L, B, outputs]`. */
export function convBlock({ inputs, outputs, kernel, groups }: ConvBlockOptions): Layer {
  const conv = conv1d({ inputs, outputs, kernel, padding: Math.floor(kernel / 2) });
  return chain([named("conv", conv), named("norm", groupNorm(groups, outputs)), pure(mish)]);
}

export interface FilmInput {
  /** `[…, B, channels]` */
  readonly x: Tensor;
  /** `[B, condition]` */
  readonly condition: Tensor;
}

/**
 * Feature-wise modulation (Perez et al. 2018): scale · x + bias, both linear in the condition; with `scale` false,
 * x + bias. The scale does not start at 1. Parameters: weight `[2 channels, condition]`, bias.
 */
export function film(channels: number, condition: number, { scale = true } = {}): Layer<FilmInput> {
  const layer = linear(condition, scale ? 2 * channels : channels);
  return {
    parameters: layer.parameters,
    apply: (parameters, { x, condition }) => {
      const made = layer.apply(parameters, condition);
      if (!scale) return add(x, made);
      const [factor, shift] = splitAxis(made, -1, [channels, channels]);
      return add(mul(x, factor), shift);
    },
  };
}

export interface ResidualBlockOptions extends ConvBlockOptions {
  readonly condition: number;
  /** Whether the condition scales as well as shifts (`cond_predict_scale`). */
  readonly scale?: boolean;
}

/** Block, FiLM, block, plus the input: through a convolution of kernel 1 where the width changes. */
export function residualBlock({ condition, scale = true, ...options }: ResidualBlockOptions): Layer<FilmInput> {
  const { inputs, outputs } = options;
  const first = named("first", convBlock(options));
  const modulation = named("film", film(outputs, condition, { scale }));
  const second = named("second", convBlock({ ...options, inputs: outputs }));
  const residual = inputs === outputs ? pure((x) => x) : named("residual", conv1d({ inputs, outputs, kernel: 1 }));
  return {
    parameters: parametersOf([first, modulation, second, residual]),
    apply: (parameters, { x, condition }) => {
      const h = modulation.apply(parameters, { x: first.apply(parameters, x), condition });
      return add(second.apply(parameters, h), residual.apply(parameters, x));
    },
  };
}

/** Sinusoidal, linear, Mish, linear: t `[B]` to `[B, size]`. Paths as in `nn.Sequential`: "1", "3". */
export function timeEmbedding(size: number, hidden = 4 * size): Layer {
  return chain([
    pure((t) => sinusoidal(t, size)),
    named("1", linear(size, hidden)),
    pure(mish),
    named("3", linear(hidden, size)),
  ]);
}

export interface UNetOptions {
  /** Da: numbers per action. */
  readonly action: number;
  /** G: numbers in the condition. */
  readonly condition: number;
  /** Channels of each level, finest first. */
  readonly widths?: readonly number[];
  readonly kernel?: number;
  readonly groups?: number;
  /** Size of the time embedding. */
  readonly time?: number;
}

export interface UNetInput {
  /** The noisy chunk, `[B, Tp, Da]`; Tp divisible by 2 for each level but the last. */
  readonly x: Tensor;
  /** The diffusion step, `[B]` or `[1]`, float32. */
  readonly t: Tensor;
  /** `[B, G]` */
  readonly condition: Tensor;
}

/**
 * `[B, Tp, Da]` of the same shape as x. Levels: two residual blocks, then half the length, except after the last; two
 * blocks in the middle; the way up joins what the way down left. The finest level has no way up of its own.
 */
export function uNet(options: UNetOptions): Layer<UNetInput> {
  const { action, condition, widths = [256, 512, 1024], kernel = 5, groups = 8, time: timeSize = 256 } = options;
  const block = (inputs: number, outputs: number) =>
    residualBlock({ inputs, outputs, condition: timeSize + condition, kernel, groups });
  const last = widths.length - 1;

  const time = named("time", timeEmbedding(timeSize));
  const down = widths.map((width, level) => ({
    first: named(`down.${level}.first`, block(level === 0 ? action : widths[level - 1], width)),
    second: named(`down.${level}.second`, block(width, width)),
    sample: level === last ? pure((x) => x) : named(`down.${level}.sample`, halving(width)),
  }));
  const middle = [0, 1].map((index) => named(`middle.${index}`, block(widths[last], widths[last])));
  const up = widths.slice(1).map((_, index) => {
    const [inputs, outputs] = [widths[last - index], widths[last - index - 1]];
    return {
      first: named(`up.${index}.first`, block(2 * inputs, outputs)),
      second: named(`up.${index}.second`, block(outputs, outputs)),
      sample: named(`up.${index}.sample`, doubling(outputs)),
    };
  });
  const head = named("head", convBlock({ inputs: widths[0], outputs: widths[0], kernel, groups }));
  const out = named("out", conv1d({ inputs: widths[0], outputs: action, kernel: 1 }));

  const levels = [...down, ...up].flatMap(({ first, second, sample }) => [first, second, sample]);
  return {
    parameters: parametersOf([time, ...levels, ...middle, head, out]),
    apply: (parameters, { x, t, condition }) => {
      const [batch, horizon] = x.shape;
      if (horizon % 2 ** last !== 0) throw new Error(`uNet: horizon ${horizon}, expected a multiple of ${2 ** last}`);
      const times = time.apply(parameters, t);
      // every FiLM layer begins with Mish of the same condition
      const given = mish(concat([broadcastTo(times, [batch, timeSize]), condition]));
      const modulated = (layer: Layer<FilmInput>, x: Tensor) => layer.apply(parameters, { x, condition: given });

      let h = transpose(x, [1, 0, 2]);
      const skips: Tensor[] = [];
      for (const { first, second, sample } of down) {
        h = modulated(second, modulated(first, h));
        skips.push(h);
        h = sample.apply(parameters, h);
      }
      for (const layer of middle) h = modulated(layer, h);
      for (const { first, second, sample } of up) {
        h = modulated(second, modulated(first, concat([h, skips.pop()!])));
        h = sample.apply(parameters, h);
      }
      return transpose(out.apply(parameters, head.apply(parameters, h)), [1, 0, 2]);
    },
  };
}

/** Half the length: kernel 3, stride 2. */
function halving(width: number): Layer {
  return conv1d({ inputs: width, outputs: width, kernel: 3, stride: 2, padding: 1 });
}

/** Twice the length: kernel 4, stride 2, transposed. */
function doubling(width: number): Layer {
  return convTranspose1d({ inputs: width, outputs: width, kernel: 4, stride: 2, padding: 1 });
}
