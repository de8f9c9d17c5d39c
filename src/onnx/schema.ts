/**
 * The part of the ONNX file format that we write and read, as a table: message, field, number, kind (onnx.proto3 of
 * ONNX 1.16). Encoding and decoding are one function each over this table; the wire format is @bufbuild/protobuf's.
 */
import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { InputError } from "../base/index.ts";

export interface TensorProto {
  dims: number[];
  dataType: number;
  name: string;
  rawData: Uint8Array;
}

export interface AttributeProto {
  name: string;
  type: number;
  f?: number;
  i?: number;
  s?: Uint8Array;
  t?: TensorProto;
  g?: GraphProto;
  ints?: number[];
}

export interface NodeProto {
  input: string[];
  output: string[];
  name?: string;
  opType: string;
  attribute: AttributeProto[];
}

export interface ValueInfoProto {
  name: string;
  type: TypeProto;
}

interface TypeProto {
  tensorType: { elemType: number; shape: { dim: { dimValue: number }[] } };
  /** Instead of a tensor: a list of them. */
  sequenceType?: { elemType: TypeProto };
}

export interface GraphProto {
  node: NodeProto[];
  name: string;
  initializer: TensorProto[];
  input: ValueInfoProto[];
  output: ValueInfoProto[];
}

export interface ModelProto {
  irVersion: number;
  producerName: string;
  producerVersion: string;
  docString: string;
  graph: GraphProto;
  opsetImport: { domain: string; version: number }[];
  metadataProps: { key: string; value: string }[];
}

type MessageName =
  | "Model"
  | "Opset"
  | "Entry"
  | "Graph"
  | "Node"
  | "Attribute"
  | "Tensor"
  | "ValueInfo"
  | "Type"
  | "SequenceType"
  | "TensorType"
  | "TensorShape"
  | "Dimension";
type Kind = "int64" | "float" | "string" | "bytes" | MessageName;
interface Field {
  readonly number: number;
  readonly kind: Kind;
  readonly repeated?: boolean;
}

const one = (number: number, kind: Kind): Field => ({ number, kind });
const many = (number: number, kind: Kind): Field => ({ number, kind, repeated: true });

const MESSAGES: Record<MessageName, Record<string, Field>> = {
  Model: {
    irVersion: one(1, "int64"),
    producerName: one(2, "string"),
    producerVersion: one(3, "string"),
    docString: one(6, "string"),
    graph: one(7, "Graph"),
    opsetImport: many(8, "Opset"),
    metadataProps: many(14, "Entry"),
  },
  Opset: { domain: one(1, "string"), version: one(2, "int64") },
  Entry: { key: one(1, "string"), value: one(2, "string") },
  Graph: {
    node: many(1, "Node"),
    name: one(2, "string"),
    initializer: many(5, "Tensor"),
    input: many(11, "ValueInfo"),
    output: many(12, "ValueInfo"),
  },
  Node: {
    input: many(1, "string"),
    output: many(2, "string"),
    name: one(3, "string"),
    opType: one(4, "string"),
    attribute: many(5, "Attribute"),
  },
  Attribute: {
    name: one(1, "string"),
    f: one(2, "float"),
    i: one(3, "int64"),
    s: one(4, "bytes"),
    t: one(5, "Tensor"),
    g: one(6, "Graph"),
    ints: many(8, "int64"),
    type: one(20, "int64"),
  },
  Tensor: { dims: many(1, "int64"), dataType: one(2, "int64"), name: one(8, "string"), rawData: one(9, "bytes") },
  ValueInfo: { name: one(1, "string"), type: one(2, "Type") },
  Type: { tensorType: one(1, "TensorType"), sequenceType: one(4, "SequenceType") },
  SequenceType: { elemType: one(1, "Type") },
  TensorType: { elemType: one(1, "int64"), shape: one(2, "TensorShape") },
  TensorShape: { dim: many(1, "Dimension") },
  Dimension: { dimValue: one(1, "int64") },
};

const isMessage = (kind: Kind): kind is MessageName => kind in MESSAGES;

const WIRE_TYPES = { int64: WireType.Varint, float: WireType.Bit32 } as const;
const wireTypeOf = (kind: Kind) => (kind === "int64" || kind === "float" ? WIRE_TYPES[kind] : WireType.LengthDelimited);

/** The bytes of an `.onnx` file. */
export function encodeModel(model: ModelProto): Uint8Array {
  const writer = new BinaryWriter();
  write(writer, "Model", model);
  return writer.finish();
}

function write(writer: BinaryWriter, message: MessageName, value: object): void {
  const fields = MESSAGES[message];
  for (const [name, field] of Object.entries(fields)) {
    const content = (value as Record<string, unknown>)[name];
    if (content === undefined) continue;
    for (const element of field.repeated ? (content as unknown[]) : [content]) writeField(writer, field, element);
  }
}

function writeField(writer: BinaryWriter, { number, kind }: Field, value: unknown): void {
  writer.tag(number, wireTypeOf(kind));
  switch (kind) {
    case "int64":
      writer.int64(value as number);
      return;
    case "float":
      writer.float(value as number);
      return;
    case "string":
      writer.string(value as string);
      return;
    case "bytes":
      writer.bytes(value as Uint8Array);
      return;
    default:
      writer.fork();
      write(writer, kind, value as object);
      writer.join();
  }
}

/** Reads an `.onnx` file; fields that we never write are skipped. Throws an InputError where the bytes are no such file. */
export function decodeModel(bytes: Uint8Array): ModelProto {
  const refuse = (reason: string) => new InputError(`model: found ${bytes.length} bytes, no ONNX file: ${reason}`);
  let model: Record<string, unknown>;
  try {
    model = read(new BinaryReader(bytes), bytes.length, "Model");
  } catch (error) {
    throw refuse((error as Error).message);
  }
  if (!model.graph) throw refuse("it has no graph");
  return model as unknown as ModelProto;
}

function read(reader: BinaryReader, end: number, message: MessageName): Record<string, unknown> {
  const fields = MESSAGES[message];
  const byNumber = new Map(Object.entries(fields).map(([name, field]) => [field.number, { name, ...field }]));
  const value: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(fields)) if (field.repeated) value[name] = [];
  while (reader.pos < end) {
    const [number, wireType] = reader.tag();
    const field = byNumber.get(number);
    if (!field) {
      reader.skip(wireType, number);
      continue;
    }
    const packed = field.kind === "int64" && field.repeated && wireType === WireType.LengthDelimited;
    if (packed) {
      const stop = reader.uint32() + reader.pos;
      while (reader.pos < stop) (value[field.name] as unknown[]).push(Number(reader.int64()));
      continue;
    }
    if (wireType !== wireTypeOf(field.kind)) throw new Error(`${message}.${field.name} has wire type ${wireType}`);
    const element = readField(reader, field.kind);
    if (field.repeated) (value[field.name] as unknown[]).push(element);
    else value[field.name] = element;
  }
  if (reader.pos !== end) throw new Error(`${message} ends at byte ${reader.pos}, expected ${end}`);
  return value;
}

function readField(reader: BinaryReader, kind: Kind): unknown {
  if (isMessage(kind)) {
    const length = reader.uint32();
    return read(reader, reader.pos + length, kind);
  }
  switch (kind) {
    case "int64":
      return Number(reader.int64());
    case "float":
      return reader.float();
    case "string":
      return reader.string();
    default:
      return reader.bytes();
  }
}
