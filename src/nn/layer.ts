/**
 * What a layer is: the description of its parameters and a function of them. Layers are values without state; the
 * parameters themselves live with whoever trains or runs the network, by path ("net.0.weight"), as in PyTorch's state
 * dictionaries.
 */
import {
  branch,
  foldIn,
  type Key,
  type Leaves,
  mapLeaves,
  prefixed,
  randomStream,
  type Shape,
  sizeOf,
} from "../base/index.ts";
import { constant, input, type Node, type Tensor } from "../tensor/index.ts";
import type { Initializer } from "./initial.ts";

/** A parameter before it has numbers. */
export interface ParameterSpec {
  readonly shape: Shape;
  readonly initial: Initializer;
  /** For each axis of PyTorch's layout, the axis of ours; left out where the layouts are the same. */
  readonly torchAxes?: readonly number[];
}

/** A layer, or a whole network. `apply` takes at least the parameters that `parameters` describes. */
export interface Layer<Input = Tensor, Output = Tensor> {
  readonly parameters: Leaves<ParameterSpec>;
  readonly apply: (parameters: Leaves<Tensor>, input: Input) => Output;
}

/** The layer as a part of a larger one: its parameters are found under `name.`. */
export function named<Input, Output>(name: string, layer: Layer<Input, Output>): Layer<Input, Output> {
  return {
    parameters: prefixed(name, layer.parameters),
    apply: (parameters, input) => layer.apply(branch(parameters, name), input),
  };
}

/** Layers one after another. Each finds its parameters among those of all: name them first. */
export function chain(layers: readonly Layer[]): Layer {
  return {
    parameters: parametersOf(layers),
    apply: (parameters, x) => layers.reduce((value, layer) => layer.apply(parameters, value), x),
  };
}

/** The parameters of several named layers together. */
export function parametersOf(layers: readonly Pick<Layer, "parameters">[]): Leaves<ParameterSpec> {
  return Object.assign({}, ...layers.map((layer) => layer.parameters));
}

/** A layer without parameters. */
export function pure(apply: (x: Tensor) => Tensor): Layer {
  return { parameters: {}, apply: (_, x) => apply(x) };
}

/** The numbers of new parameters. Each draws from a key made of its own path: a layer more changes no other. */
export function initialise(specs: Leaves<ParameterSpec>, key: Key): Leaves<Float32Array> {
  return mapLeaves(specs, ({ shape, initial }, path) => {
    const own = Array.from(path).reduce((folded, letter) => foldIn(folded, letter.codePointAt(0)!), key);
    return initial(randomStream(own), shape);
  });
}

/** The parameters as inputs of a program, in the order of the specs, each named by its path after `prefix`. */
export function parameterInputs(
  specs: Leaves<ParameterSpec>,
  prefix = "",
): { parameters: Leaves<Tensor>; inputs: Node<"input">[] } {
  const nodes = mapLeaves(specs, ({ shape }, path) => input(prefix + path, shape));
  return { parameters: nodes, inputs: Object.values(nodes) };
}

/** The parameters as constants of a program: those of a network that is trained. */
export function parameterConstants(specs: Leaves<ParameterSpec>, values: Leaves<Float32Array>): Leaves<Tensor> {
  return mapLeaves(specs, ({ shape }, path) => constant(values[path], shape));
}

/** How many numbers the parameters are. */
export function parameterCount(specs: Leaves<ParameterSpec>): number {
  return Object.values(specs).reduce((total, { shape }) => total + sizeOf(shape), 0);
}
