/**
 * nn: layers and how their parameters begin. A layer is a pair of values, the description of its parameters and a
 * function of them; names and layouts of parameters are PyTorch's.
 *
 * Law: imports base and tensor. Runs unchanged in Node and in the browser.
 */
export { type Activation, type ActivationName, activations, gelu, geluTanh, mish, silu } from "./activation.ts";
export { type AttentionInput, type AttentionOptions, attention, causalMask } from "./attention.ts";
export {
  type ConvolutionOptions,
  channelsFirst,
  conv1d,
  conv2d,
  convTranspose1d,
  convTranspose2d,
  positionsFirst,
} from "./convolution.ts";
export { dropout } from "./dropout.ts";
export { embedding, sinusoidal } from "./embedding.ts";
export { type ImageEncoderOptions, imageEncoder, spatialSoftmax } from "./image-encoder.ts";
export { fanInUniform, type Initializer, normal, repeated, uniform } from "./initial.ts";
export {
  chain,
  initialise,
  type Layer,
  named,
  type ParameterSpec,
  parameterConstants,
  parameterCount,
  parameterInputs,
  parametersOf,
  pure,
} from "./layer.ts";
export { linear, type MlpOptions, mlp, residualMlp } from "./linear.ts";
export { groupNorm, layerNorm } from "./norm.ts";
export { gru, lstm, type RecurrentInput, type RecurrentOptions, type RecurrentOutput } from "./recurrent.ts";
export { fromTorch, torchShape, toTorch } from "./torch.ts";
export {
  type ConvBlockOptions,
  convBlock,
  type FilmInput,
  film,
  type ResidualBlockOptions,
  residualBlock,
  timeEmbedding,
  type UNetInput,
  type UNetOptions,
  uNet,
} from "./u-net.ts";
