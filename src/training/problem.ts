/** What is learned: parameters, the data they are learned from, and the loss of a batch. */
import type { Leaves, Shape } from "../base/index.ts";
import type { ParameterSpec } from "../nn/index.ts";
import { type DType, input, type Node, type Tensor, type TypedArray } from "../tensor/index.ts";

/** An array that stays with the runtime while training lasts. Axis 0 counts rows. */
export interface Column {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly data: TypedArray;
}

export interface Batch {
  readonly parameters: Leaves<Tensor>;
  /** Their moving average before this update, where the optimizer keeps one: a target network. No gradient flows into it. */
  readonly average?: Leaves<Tensor>;
  /** The columns by name, whole: a loss gathers the rows that it needs. */
  readonly columns: Leaves<Tensor>;
  /** The numbers of the examples in the batch, int32 `[B]`. */
  readonly examples: Tensor;
  /** A key of this update alone, uint32 `[2]`. */
  readonly key: Tensor;
}

export interface Problem {
  readonly parameters: Leaves<ParameterSpec>;
  readonly columns: Leaves<Column>;
  /** How many examples there are to draw from. */
  readonly exampleCount: number;
  /** The mean loss of a batch, a scalar. */
  readonly loss: (batch: Batch) => Tensor;
}

/** The columns as inputs of a program, named `data.NAME`. */
export function columnInputs(columns: Leaves<Column>): { columns: Leaves<Tensor>; inputs: Node<"input">[] } {
  const nodes = Object.entries(columns).map(([name, { shape, dtype }]) => input(`data.${name}`, shape, dtype));
  return {
    columns: Object.fromEntries(Object.keys(columns).map((name, index) => [name, nodes[index]])),
    inputs: nodes,
  };
}

/** The columns' arrays under the names of their inputs. */
export function columnFeeds(columns: Leaves<Column>): Record<string, TypedArray> {
  return Object.fromEntries(Object.entries(columns).map(([name, { data }]) => [`data.${name}`, data]));
}
