/** The session interface: a model that is ready to run, wherever it runs. */
import { InputError, type Shape, showShape, sizeOf } from "../base/index.ts";
import { decodeModel, type ModelProto } from "../onnx/index.ts";
import { type DType, type TypedArray, typedArray } from "../tensor/index.ts";

/** Shape and element type of one input or output. */
export interface Port {
  readonly shape: Shape;
  readonly dtype: DType;
}

export type Arrays = Readonly<Record<string, TypedArray>>;

/** A model that is ready to run. One run at a time; `close` frees its memory. */
export interface Session {
  readonly inputs: Readonly<Record<string, Port>>;
  readonly outputs: Readonly<Record<string, Port>>;
  /** The key and value pairs that travel in the file. */
  readonly metadata: Readonly<Record<string, string>>;
  /**
   * Runs the model. `feeds` holds every input in row-major order; arrays are read in place. With `into`, only the
   * outputs named there are computed, and each is written to the array given for it. Throws where an input is missing or
   * an array has another type or length than its port.
   */
  run(feeds: Arrays, into?: Arrays): Promise<Record<string, TypedArray>>;
  close(): Promise<void>;
}

export interface OpenOptions {
  /** Every run will name arrays for its results, which lets a runtime leave out a copy of them. Default: false. */
  readonly alwaysInto?: boolean;
  /** Use no more threads than these, whatever the runtime may; for models too small to be shared out. */
  readonly threads?: number;
}

/** What opens models: one for each platform and provider. */
export interface Runtime {
  /** For messages and records: `node cpu, 2 threads`. */
  readonly name: string;
  /** Prepares the model in the bytes of an `.onnx` file. */
  open(model: Uint8Array, options?: OpenOptions): Promise<Session>;
}

/** What a platform does besides checking: run on arrays whose names, types and lengths are right. */
export interface Engine {
  run(feeds: Arrays, into: Arrays | undefined): Promise<Record<string, TypedArray>>;
  close(): Promise<void>;
}

const DTYPES: Readonly<Record<number, DType>> = { 1: "float32", 2: "uint8", 6: "int32", 9: "bool", 12: "uint32" };

/** What a model file says of itself. */
export type Description = Pick<Session, "inputs" | "outputs" | "metadata">;

/** The ports and metadata that a model file declares. Throws an InputError where it is none that can be run here. */
export function describe(model: Uint8Array): Description {
  const { graph, metadataProps } = decodeModel(model);
  const ports = (infos: typeof graph.input) => Object.fromEntries(infos.map((info) => [info.name, portOf(info)]));
  return {
    inputs: ports(graph.input),
    outputs: ports(graph.output),
    metadata: Object.fromEntries(metadataProps.map(({ key, value }) => [key, value])),
  };
}

function portOf({ name, type }: ModelProto["graph"]["input"][number]): Port {
  const tensorType = type?.tensorType;
  const dtype = DTYPES[tensorType?.elemType];
  if (!dtype) {
    const found = tensorType ? `element type ${tensorType.elemType}` : "no tensor";
    throw new InputError(`model: "${name}" has ${found}, expected one of ${Object.keys(DTYPES).join(", ")}`);
  }
  const shape = tensorType.shape?.dim.map((dimension) => dimension.dimValue);
  if (!shape?.every((length) => length !== undefined)) {
    throw new InputError(`model: "${name}" has a length that is not fixed, expected a number for every axis`);
  }
  return { shape, dtype };
}

/** A session over an engine, with its checks. */
export function checkedSession(description: Description, engine: Engine): Session {
  return {
    ...description,
    async run(feeds, into) {
      for (const name of Object.keys(description.inputs)) checkArray("input", name, description.inputs, feeds[name]);
      for (const name of Object.keys(into ?? {})) checkArray("output", name, description.outputs, into?.[name]);
      return engine.run(feeds, into);
    },
    close: () => engine.close(),
  };
}

function checkArray(kind: string, name: string, ports: Readonly<Record<string, Port>>, found?: TypedArray): void {
  const port = ports[name];
  if (!port) throw new Error(`${kind} "${name}": the model has ${Object.keys(ports).join(", ")}`);
  const expected = typedArray(port.dtype, 0).constructor;
  if (found?.constructor !== expected || found.length !== sizeOf(port.shape)) {
    const what = found ? `${found.constructor.name} of ${found.length}` : "nothing";
    throw new Error(`${kind} "${name}": found ${what}, expected ${expected.name} of shape ${showShape(port.shape)}`);
  }
}
