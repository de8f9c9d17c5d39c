/** A small convolutional network that turns an image into a vector. */
import { constant, matmul, relu, reshape, softmax, type Tensor, transpose } from "../tensor/index.ts";
import { conv2d, positionsFirst } from "./convolution.ts";
import { type Layer, named, parametersOf } from "./layer.ts";
import { linear } from "./linear.ts";

/**
 * Spatial soft-max (Finn et al. 2016): `[H, W, B, C]` to `[B, C, 2]`, where each channel is seen: the expected x (along W)
 * and y (along H) of a soft-max over its positions, whose centres run from -1 to 1.
 */
export function spatialSoftmax(x: Tensor): Tensor {
  const [height, width, batch, channels] = x.shape;
  const weights = softmax(transpose(reshape(x, [height * width, batch * channels])));
  const along = (place: number, length: number) => (length === 1 ? 0 : -1 + (2 * place) / (length - 1));
  const centres = Array.from({ length: height * width }, (_, position) => [
    along(position % width, width),
    along(Math.floor(position / width), height),
  ]);
  return reshape(matmul(weights, constant(centres.flat(), [height * width, 2])), [batch, channels, 2]);
}

export interface ImageEncoderOptions {
  /** Channels of the image. */
  readonly channels?: number;
  /** Channels of each convolution; each halves height and width. */
  readonly widths?: readonly number[];
  /** Numbers that come out. */
  readonly outputs: number;
}

/**
 * Images `[B, C, H, W]`, values about 0 … 1, to `[B, outputs]`: convolutions of kernel 3 and stride 2 with ReLU, a spatial
 * soft-max, a linear layer. Paths: "conv.0", "conv.1" …, "head".
 */
export function imageEncoder({ channels = 3, widths = [16, 32, 32], outputs }: ImageEncoderOptions): Layer {
  const convolutions = widths.map((width, index) => {
    const inputs = index === 0 ? channels : widths[index - 1];
    return named(`conv.${index}`, conv2d({ inputs, outputs: width, kernel: 3, stride: 2, padding: 1 }));
  });
  const seen = 2 * widths[widths.length - 1];
  const head = named("head", linear(seen, outputs));
  return {
    parameters: parametersOf([...convolutions, head]),
    apply: (parameters, images) => {
      const maps = convolutions.reduce((x, layer) => relu(layer.apply(parameters, x)), positionsFirst(images));
      return head.apply(parameters, reshape(spatialSoftmax(maps), [images.shape[0], seen]));
    },
  };
}
