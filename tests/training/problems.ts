/** Small problems to train on; the browser's page trains the same ones. */
import { randomKey, randomStream } from "../../src/base/index.ts";
import { type ActivationName, mlp } from "../../src/nn/index.ts";
import { add, cast, gather, mean, mul, randomNormal, reshape, square, sub } from "../../src/tensor/index.ts";
import type { Problem } from "../../src/training/index.ts";

export interface RegressionOptions {
  readonly sizes?: readonly number[];
  readonly activation?: ActivationName;
  readonly exampleCount?: number;
  /** Deviation of the normal noise that is added to the inputs, fresh in every update. */
  readonly noise?: number;
}

/**
 * A perceptron that learns products of its inputs' neighbours by L2. The data come from our own elementary functions:
 * the same bits on every platform.
 */
export function regression(options: RegressionOptions = {}): Problem {
  const { sizes = [3, 16, 2], activation = "tanh", exampleCount = 64, noise = 0 } = options;
  const [inputs, outputs] = [sizes[0], sizes[sizes.length - 1]];
  const network = mlp({ sizes, activation });
  const stream = randomStream(randomKey(2718));
  const x = Float32Array.from({ length: exampleCount * inputs }, () => stream.normal());
  const y = Float32Array.from({ length: exampleCount * outputs }, (_, index) => {
    const [row, output] = [Math.floor(index / outputs), index % outputs];
    const at = (column: number) => x[row * inputs + (column % inputs)];
    return at(output) * at(output + 1) - 0.5 * at(output);
  });
  return {
    parameters: network.parameters,
    columns: {
      x: { shape: [exampleCount, inputs], dtype: "float32", data: x },
      y: { shape: [exampleCount, outputs], dtype: "float32", data: y },
    },
    exampleCount,
    loss: ({ parameters, columns, examples, key }) => {
      const clean = gather(columns.x, examples);
      const seen = noise === 0 ? clean : add(clean, mul(noise, randomNormal(key, clean.shape)));
      return mean(square(sub(network.apply(parameters, seen), gather(columns.y, examples))));
    },
  };
}

/** A perceptron that learns the mean brightness of the picture that an example names: columns of uint8 and int32. */
export function brightness({ pictures = 12, pixels = 6, exampleCount = 40 } = {}): Problem {
  const network = mlp({ sizes: [pixels, 8, 1], activation: "tanh" });
  const stream = randomStream(randomKey(1828));
  const data = Uint8Array.from({ length: pictures * pixels }, () => stream.integer(0, 256));
  const named = Int32Array.from({ length: exampleCount }, () => stream.integer(0, pictures));
  return {
    parameters: network.parameters,
    columns: {
      picture: { shape: [pictures, pixels], dtype: "uint8", data },
      named: { shape: [exampleCount], dtype: "int32", data: named },
    },
    exampleCount,
    loss: ({ parameters, columns, examples }) => {
      const picture = mul(cast(gather(columns.picture, gather(columns.named, examples)), "float32"), 1 / 255);
      const brightness = mean(picture, { axes: 1 });
      return mean(square(sub(reshape(network.apply(parameters, picture), brightness.shape), brightness)));
    },
  };
}
