/** Parameters in PyTorch's layout and in ours. They differ where a product runs faster on another order of the axes. */
import { type Leaves, mapLeaves, type Shape, sizeOf, stridesOf } from "../base/index.ts";
import type { ParameterSpec } from "./layer.ts";

/** The shape of a parameter in PyTorch. */
export function torchShape({ shape, torchAxes }: ParameterSpec): Shape {
  return torchAxes ? torchAxes.map((axis) => shape[axis]) : shape;
}

/** Parameters as PyTorch lays them out. */
export function toTorch(specs: Leaves<ParameterSpec>, parameters: Leaves<Float32Array>): Leaves<Float32Array> {
  return mapLeaves(specs, (spec, path) => permuted(parameters[path], spec.shape, spec.torchAxes));
}

/** Parameters from PyTorch's layout. */
export function fromTorch(specs: Leaves<ParameterSpec>, parameters: Leaves<Float32Array>): Leaves<Float32Array> {
  return mapLeaves(specs, (spec, path) => {
    const inverse = spec.torchAxes?.map((_, axis) => spec.torchAxes!.indexOf(axis));
    return permuted(parameters[path], torchShape(spec), inverse);
  });
}

function permuted(data: Float32Array, shape: Shape, axes: readonly number[] | undefined): Float32Array {
  if (!axes) return data;
  const strides = stridesOf(shape);
  const target = axes.map((axis) => shape[axis]);
  const targetStrides = stridesOf(target);
  return Float32Array.from({ length: sizeOf(shape) }, (_, position) => {
    const source = axes.reduce(
      (sum, axis, index) => sum + (Math.floor(position / targetStrides[index]) % target[index]) * strides[axis],
      0,
    );
    return data[source];
  });
}
