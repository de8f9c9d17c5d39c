/**
 * nn: layers and how their parameters begin. A layer is a pair of values, the description of its parameters and a
 * function of them; names and layouts of parameters are PyTorch's.
 *
 * Law: imports base and tensor. Runs unchanged in Node and in the browser.
 */
export { type Activation, type ActivationName, activations, gelu, geluTanh, mish, silu } from "./activation.ts";
export { fanInUniform, type Initializer, normal, repeated, uniform } from "./initial.ts";
export {
  chain,
  initialise,
  type Layer,
  named,
  type ParameterSpec,
  parameterCount,
  parameterInputs,
  parametersOf,
  pure,
} from "./layer.ts";
export { linear, type MlpOptions, mlp, residualMlp } from "./linear.ts";
