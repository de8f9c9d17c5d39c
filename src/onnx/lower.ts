/** A program as an ONNX model: names, constants, loops as graphs within the graph. */
import type { Shape } from "../base/index.ts";
import {
  type DType,
  type Node,
  type Primitive,
  type Program,
  simplify,
  type Tensor,
  topologicalOrder,
} from "../tensor/index.ts";
import { type AttributeValue, ELEMENT_TYPES, type Emitter, INT64, type Lowering, lowerings } from "./lowerings.ts";
import {
  type AttributeProto,
  encodeModel,
  type GraphProto,
  type NodeProto,
  type TensorProto,
  type ValueInfoProto,
} from "./schema.ts";

export const OPSET = 20;
/** ONNX IR version 9: the one that came with opset 20. */
const IR_VERSION = 9;

export interface ModelOptions {
  /** The graph's name. */
  name?: string;
  /** Key and value pairs that travel in the file (horizons, spaces, rate …). */
  metadata?: Readonly<Record<string, string>>;
}

/** The bytes of the `.onnx` file that computes a program, simplified. */
export function toOnnx(program: Program, { name = "program", metadata = {} }: ModelOptions = {}): Uint8Array {
  return encodeModel({
    irVersion: IR_VERSION,
    producerName: "apprentice",
    producerVersion: "",
    docString: "",
    graph: lower(simplify(program), name),
    opsetImport: [{ domain: "", version: OPSET }],
    metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
  });
}

/** What is shared by a graph and the graphs within it: fresh names and constants. */
interface Store {
  fresh(): string;
  readonly initializers: TensorProto[];
  readonly known: Map<string, string>;
}

function lower(program: Program, name: string): GraphProto {
  let count = 0;
  const store: Store = { fresh: () => `v${count++}`, initializers: [], known: new Map() };
  const names = new Map<Tensor, string>(program.inputs.map((node) => [node, node.attributes.name]));
  const taken = new Set([...names.values(), ...program.outputs.map((output) => output.name)]);
  const plainFresh = store.fresh;
  store.fresh = () => {
    let fresh = plainFresh();
    while (taken.has(fresh)) fresh = plainFresh();
    return fresh;
  };
  const { nodes, outputs } = lowerBody(program, names, store);
  return {
    node: nodes,
    name,
    initializer: store.initializers,
    input: program.inputs.map((node) => valueInfo(node.attributes.name, node.shape, ELEMENT_TYPES[node.dtype])),
    output: outputs,
  };
}

/** The operators of one graph. `names` holds its inputs and what it may read from outside. */
function lowerBody(
  { outputs }: Program,
  names: Map<Tensor, string>,
  store: Store,
): { nodes: NodeProto[]; outputs: ValueInfoProto[] } {
  const nodes: NodeProto[] = [];
  const emit = emitterOf(nodes, store);
  const values = outputs.map((output) => output.value);
  const order = topologicalOrder(values);
  const fused = biasedProducts(order, values);
  const loops = new Map<Tensor, string[]>();

  for (const node of order) {
    if (names.has(node) || fused.absorbed.has(node)) continue;
    const product = fused.sums.get(node);
    if (product) names.set(node, lowerBiased(emit, names, product));
    else if (node.primitive === "constant") names.set(node, constantName(node, store));
    else if (node.primitive === "loop") loops.set(node, lowerLoop(nodes, node, names, store));
    else if (node.primitive === "item") names.set(node, loops.get(node.operands[0])![node.attributes.index]);
    else {
      const operands = node.operands.map((operand) => names.get(operand)!);
      const lowering = lowerings[node.primitive] as Lowering<Primitive>;
      names.set(node, lowering(emit, operands, node as Node<Primitive>));
    }
  }
  return { nodes, outputs: nameOutputs(nodes, outputs, names) };
}

/**
 * Gives the results their names: by renaming what one operator makes, or by a copy where a result is an input, a
 * constant, or was named before.
 */
function nameOutputs(nodes: NodeProto[], outputs: Program["outputs"], names: Map<Tensor, string>): ValueInfoProto[] {
  const makers = new Map(nodes.flatMap((node) => node.output.map((name) => [name, node])));
  const renamed = new Map<string, string>();
  const infos = outputs.map(({ name, value }) => {
    const current = names.get(value)!;
    if (makers.has(current) && !renamed.has(current)) renamed.set(current, name);
    else nodes.push({ input: [current], output: [name], opType: "Identity", attribute: [] });
    return valueInfo(name, value.shape, ELEMENT_TYPES[value.dtype]);
  });
  renameEverywhere(nodes, renamed);
  for (const [tensor, name] of names) names.set(tensor, renamed.get(name) ?? name);
  return infos;
}

function renameEverywhere(nodes: NodeProto[], renamed: ReadonlyMap<string, string>): void {
  const rename = (name: string) => renamed.get(name) ?? name;
  for (const node of nodes) {
    node.input = node.input.map(rename);
    node.output = node.output.map(rename);
    for (const { g } of node.attribute) if (g) renameEverywhere(g.node, renamed);
  }
}

/** Loop's operator: passes, condition (always true), carried values; the body reads the rest from outside by name. */
function lowerLoop(nodes: NodeProto[], loop: Node<"loop">, outer: Map<Tensor, string>, store: Store): string[] {
  const { body, count, carried } = loop.attributes;
  const [pass, ...parameters] = body.inputs;
  const starts = parameters.slice(0, carried);
  const inner = new Map(outer);
  const [passInt64, condition, conditionOut] = [store.fresh(), store.fresh(), store.fresh()];
  starts.forEach((parameter) => {
    inner.set(parameter, store.fresh());
  });
  parameters.slice(carried).forEach((parameter, index) => {
    inner.set(parameter, outer.get(loop.operands[carried + index])!);
  });
  inner.set(pass, store.fresh());

  const outputs = body.outputs.map(({ value }) => ({ name: store.fresh(), value }));
  const lowered = lowerBody({ inputs: body.inputs, outputs }, inner, store);
  const graph: GraphProto = {
    node: [
      operatorProto("Cast", [passInt64], [inner.get(pass)!], { to: ELEMENT_TYPES.int32 }),
      operatorProto("Identity", [condition], [conditionOut], {}),
      ...lowered.nodes,
    ],
    name: "body",
    initializer: [],
    input: [
      valueInfo(passInt64, [], INT64),
      valueInfo(condition, [], ELEMENT_TYPES.bool),
      ...starts.map((start) => valueInfo(inner.get(start)!, start.shape, ELEMENT_TYPES[start.dtype])),
    ],
    output: [valueInfo(conditionOut, [], ELEMENT_TYPES.bool), ...lowered.outputs],
  };
  const results = body.outputs.map(() => store.fresh());
  const passes = rawConstant(store, INT64, [], new Uint8Array(BigInt64Array.of(BigInt(count)).buffer));
  nodes.push({
    input: [passes, "", ...loop.operands.slice(0, carried).map((operand) => outer.get(operand)!)],
    output: results,
    opType: "Loop",
    attribute: [{ name: "body", type: 5, g: graph }],
  });
  return results;
}

interface BiasedProduct {
  readonly product: Node<"matmul">;
  readonly bias: Tensor;
}

/** Sums of a product of two matrices and a row: one Gemm each, when nothing else needs the product. */
function biasedProducts(order: readonly Tensor[], outputs: readonly Tensor[]) {
  const uses = new Map<Tensor, number>();
  for (const value of [...order.flatMap((node) => node.operands), ...outputs])
    uses.set(value, (uses.get(value) ?? 0) + 1);
  const sums = new Map<Tensor, BiasedProduct>();
  const absorbed = new Set<Tensor>();
  for (const node of order) {
    if (node.primitive !== "add") continue;
    for (const [product, bias] of [node.operands, [...node.operands].reverse()]) {
      if (product.primitive !== "matmul" || uses.get(product) !== 1 || product.attributes.transposeA) continue;
      const fits = bias.shape.length === 1 && bias.shape[0] === product.shape[product.shape.length - 1];
      if (!fits || product.operands[1].shape.length !== 2) continue;
      sums.set(node, { product, bias });
      absorbed.add(product);
      break;
    }
  }
  return { sums, absorbed };
}

function lowerBiased(emit: Emitter, names: Map<Tensor, string>, { product, bias }: BiasedProduct): string {
  const operands = [...product.operands, bias].map((operand) => names.get(operand)!);
  return (lowerings.matmul as Lowering<"matmul">)(emit, operands, product);
}

function emitterOf(nodes: NodeProto[], store: Store): Emitter {
  return {
    operator(type, operands, attributes = {}) {
      const result = store.fresh();
      nodes.push(operatorProto(type, operands, [result], attributes));
      return result;
    },
    int64: (values) => int64Constant(store, values),
    scalar: (value, dtype) => scalarConstant(store, value, dtype),
  };
}

function int64Constant(store: Store, values: readonly number[]): string {
  const bytes = new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
  return rawConstant(store, INT64, [values.length], bytes);
}

function scalarConstant(store: Store, value: number, dtype: DType): string {
  const arrays = { float32: Float32Array, int32: Int32Array, uint32: Uint32Array, uint8: Uint8Array, bool: Uint8Array };
  return rawConstant(store, ELEMENT_TYPES[dtype], [], new Uint8Array(arrays[dtype].of(value).buffer));
}

function constantName({ attributes: { data }, shape, dtype }: Node<"constant">, store: Store): string {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return rawConstant(store, ELEMENT_TYPES[dtype], shape, bytes);
}

/** Adds a constant, or finds the one that has the same type, shape and (small) content. */
function rawConstant(store: Store, dataType: number, dims: Shape, rawData: Uint8Array): string {
  const key = rawData.length <= 256 ? `${dataType}[${dims}]${rawData}` : null;
  const known = key && store.known.get(key);
  if (known) return known;
  const name = store.fresh();
  store.initializers.push({ dims: [...dims], dataType, name, rawData });
  if (key) store.known.set(key, name);
  return name;
}

function operatorProto(
  opType: string,
  input: readonly string[],
  output: string[],
  attributes: Readonly<Record<string, AttributeValue>>,
): NodeProto {
  return { input: [...input], output, opType, attribute: Object.entries(attributes).map(attributeProto) };
}

function attributeProto([name, value]: [string, AttributeValue]): AttributeProto {
  if (typeof value === "number") return { name, type: 2, i: value };
  if (typeof value === "string") return { name, type: 3, s: new TextEncoder().encode(value) };
  if ("float" in value) return { name, type: 1, f: value.float };
  return { name, type: 7, ints: [...value] };
}

function valueInfo(name: string, shape: Shape, elemType: number): ValueInfoProto {
  return { name, type: { tensorType: { elemType, shape: { dim: shape.map((dimValue) => ({ dimValue })) } } } };
}
