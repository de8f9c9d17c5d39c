/**
 * The messages of `schema.ts` as bytes and back. Float arrays are packed fields, whose bytes are those of a typed array:
 * both are little-endian wherever JavaScript runs today.
 */
import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import type { Controller, Info } from "../../world/index.ts";
import type { EpisodeStart, RecordedStep } from "./record.ts";
import { CONTROLLERS, MESSAGES } from "./schema.ts";

const { Values, NamedValues, Reading, Fact, EpisodeStart: Start, Step, EpisodeEnd: End } = MESSAGES;
/** What a field without numbers is read as. */
const NONE = new Float32Array(0);
type Numbered = { readonly number: number };

/** The start record: with the task, so that a file found alone says what it is, and the wall clock, s since 1970. */
export type StartRecord = EpisodeStart & { readonly task: string; readonly wallTime: number };
/** The last record: how many steps there were, and what the environment said last. */
export type EndRecord = { readonly steps: number; readonly info: Info; readonly wallTime: number };

export function encodeStart({ task, seed, actors, info, wallTime }: StartRecord): Uint8Array {
  const writer = new BinaryWriter();
  writeText(writer, Start.task, task);
  writer.tag(Start.seed.number, WireType.Varint).int64(seed);
  for (const actor of actors) writeText(writer, Start.actors, actor);
  writeInfo(writer, Start.info, info);
  writeDouble(writer, Start.wall_time, wallTime);
  return writer.finish();
}

export function encodeStep(step: RecordedStep): Uint8Array {
  const writer = new BinaryWriter();
  for (const [array, values] of Object.entries(step.observation)) {
    writer.tag(Step.observation.number, WireType.LengthDelimited).fork();
    writeText(writer, NamedValues.name, array);
    writeFloats(writer, NamedValues.values, values);
    writer.join();
  }
  writeValues(writer, Step.action, step.action);
  writeValues(writer, Step.proposed, step.proposed);
  writeValues(writer, Step.label, step.label);
  writer.tag(Step.controller.number, WireType.LengthDelimited).fork();
  writer.int32(CONTROLLERS.indexOf(step.controller)).join();
  writeText(writer, Step.operator, step.operator ?? "");
  writeText(writer, Step.policy_version, step.policyVersion ?? "");
  if (step.chunkPlace !== 0) writer.tag(Step.chunk_place.number, WireType.Varint).uint32(step.chunkPlace);
  for (const [name, value] of Object.entries(step.gate)) {
    writer.tag(Step.gate.number, WireType.LengthDelimited).fork();
    writeText(writer, Reading.name, name);
    writeDouble(writer, Reading.value, value);
    writer.join();
  }
  writeDouble(writer, Step.reward, step.reward);
  if (step.terminated) writer.tag(Step.terminated.number, WireType.Varint).bool(true);
  if (step.truncated) writer.tag(Step.truncated.number, WireType.Varint).bool(true);
  writeDouble(writer, Step.time, step.time);
  writeDouble(writer, Step.wall_time, step.wallTime);
  return writer.finish();
}

export function encodeEnd({ steps, info, wallTime }: EndRecord): Uint8Array {
  const writer = new BinaryWriter().tag(End.steps.number, WireType.Varint).uint32(steps);
  writeInfo(writer, End.info, info);
  writeDouble(writer, End.wall_time, wallTime);
  return writer.finish();
}

function writeText(writer: BinaryWriter, { number }: Numbered, text: string): void {
  if (text !== "") writer.tag(number, WireType.LengthDelimited).string(text);
}

function writeDouble(writer: BinaryWriter, { number }: Numbered, value: number): void {
  writer.tag(number, WireType.Bit64).double(value);
}

function writeFloats(writer: BinaryWriter, { number }: Numbered, { buffer, byteOffset, byteLength }: Float32Array) {
  writer.tag(number, WireType.LengthDelimited).bytes(new Uint8Array(buffer, byteOffset, byteLength));
}

function writeValues(writer: BinaryWriter, { number }: Numbered, values: Float32Array | null): void {
  if (values === null) return;
  writer.tag(number, WireType.LengthDelimited).fork();
  writeFloats(writer, Values.values, values);
  writer.join();
}

function writeInfo(writer: BinaryWriter, { number }: Numbered, info: Info): void {
  for (const [name, value] of Object.entries(info)) {
    if (value === undefined) continue;
    writer.tag(number, WireType.LengthDelimited).fork();
    writeText(writer, Fact.name, name);
    // Written even when empty or zero: which of them is there tells the type.
    if (typeof value === "number") writeDouble(writer, Fact.number, value);
    else if (typeof value === "boolean") writer.tag(Fact.flag.number, WireType.Varint).bool(value);
    else writer.tag(Fact.text.number, WireType.LengthDelimited).string(value);
    writer.join();
  }
}

/** Throws Error where the bytes are no such message. */
export function decodeStart(bytes: Uint8Array): StartRecord {
  let [task, seed, wallTime] = ["", 0, 0];
  const actors: string[] = [];
  const facts: [string, Info[string]][] = [];
  readMessage(new BinaryReader(bytes), bytes.length, {
    [Start.task.number]: (reader) => {
      task = reader.string();
    },
    [Start.seed.number]: (reader) => {
      seed = Number(reader.int64());
    },
    [Start.actors.number]: (reader) => actors.push(reader.string()),
    [Start.info.number]: (reader) => facts.push(readFact(reader)),
    [Start.wall_time.number]: (reader) => {
      wallTime = reader.double();
    },
  });
  return { task, seed, actors, info: infoOf(facts), wallTime };
}

/** Throws Error where the bytes are no such message. */
export function decodeStep(bytes: Uint8Array): RecordedStep {
  const observation: [string, Float32Array][] = [];
  const gate: [string, number][] = [];
  let action = NONE;
  let [proposed, label]: (Float32Array | null)[] = [null, null];
  let controller = 0;
  let [operator, policyVersion]: (string | null)[] = [null, null];
  let [chunkPlace, reward, time, wallTime] = [0, 0, 0, 0];
  let [terminated, truncated] = [false, false];
  const reader = new BinaryReader(bytes);
  while (reader.pos < bytes.length) {
    const [number, wire] = reader.tag();
    if (number === Step.observation.number) observation.push(readNamed(reader));
    else if (number === Step.action.number) action = readValues(reader);
    else if (number === Step.proposed.number) proposed = readValues(reader);
    else if (number === Step.label.number) label = readValues(reader);
    else if (number === Step.controller.number) controller = reader.bytes()[0];
    else if (number === Step.operator.number) operator = reader.string();
    else if (number === Step.policy_version.number) policyVersion = reader.string();
    else if (number === Step.chunk_place.number) chunkPlace = reader.uint32();
    else if (number === Step.gate.number) gate.push(readReading(reader));
    else if (number === Step.reward.number) reward = reader.double();
    else if (number === Step.terminated.number) terminated = reader.bool();
    else if (number === Step.truncated.number) truncated = reader.bool();
    else if (number === Step.time.number) time = reader.double();
    else if (number === Step.wall_time.number) wallTime = reader.double();
    else reader.skip(wire, number);
  }
  return {
    observation: Object.fromEntries(observation),
    action,
    proposed,
    label,
    controller: CONTROLLERS[controller] as Controller,
    operator,
    policyVersion,
    chunkPlace,
    gate: Object.fromEntries(gate),
    reward,
    terminated,
    truncated,
    time,
    wallTime,
  };
}

/** Throws Error where the bytes are no such message. */
export function decodeEnd(bytes: Uint8Array): EndRecord {
  let [steps, wallTime] = [0, 0];
  const facts: [string, Info[string]][] = [];
  readMessage(new BinaryReader(bytes), bytes.length, {
    [End.steps.number]: (reader) => {
      steps = reader.uint32();
    },
    [End.info.number]: (reader) => facts.push(readFact(reader)),
    [End.wall_time.number]: (reader) => {
      wallTime = reader.double();
    },
  });
  return { steps, info: infoOf(facts), wallTime };
}

/** Reads the fields of one message up to `end`, each by the function under its number; unknown ones are skipped. */
function readMessage(reader: BinaryReader, end: number, fields: Record<number, (reader: BinaryReader) => void>): void {
  while (reader.pos < end) {
    const [number, wire] = reader.tag();
    const read = fields[number];
    if (read) read(reader);
    else reader.skip(wire, number);
  }
}

/** Reads a message inside another one, whose length stands before it. */
function readInner(reader: BinaryReader, fields: Record<number, (reader: BinaryReader) => void>): void {
  const length = reader.uint32();
  readMessage(reader, reader.pos + length, fields);
}

function readFloats(reader: BinaryReader): Float32Array<ArrayBuffer> {
  const bytes = reader.bytes();
  if (bytes.length % 4 !== 0) throw new Error(`${bytes.length} bytes are not float32 numbers`);
  const values = new Float32Array(bytes.length / 4);
  new Uint8Array(values.buffer).set(bytes);
  return values;
}

// These two are read several times per step: loops of their own, without a table of functions made for each.

function readValues(reader: BinaryReader): Float32Array<ArrayBuffer> {
  const end = reader.uint32() + reader.pos;
  let values = NONE;
  while (reader.pos < end) {
    const [number, wire] = reader.tag();
    if (number === Values.values.number) values = readFloats(reader);
    else reader.skip(wire, number);
  }
  return values;
}

function readNamed(reader: BinaryReader): [string, Float32Array] {
  const end = reader.uint32() + reader.pos;
  let name = "";
  let values = NONE;
  while (reader.pos < end) {
    const [number, wire] = reader.tag();
    if (number === NamedValues.name.number) name = reader.string();
    else if (number === NamedValues.values.number) values = readFloats(reader);
    else reader.skip(wire, number);
  }
  return [name, values];
}

function readReading(reader: BinaryReader): [string, number] {
  let [name, value] = ["", 0];
  readInner(reader, {
    [Reading.name.number]: (inner) => {
      name = inner.string();
    },
    [Reading.value.number]: (inner) => {
      value = inner.double();
    },
  });
  return [name, value];
}

function readFact(reader: BinaryReader): [string, Info[string]] {
  let name = "";
  let value: Info[string];
  readInner(reader, {
    [Fact.name.number]: (inner) => {
      name = inner.string();
    },
    [Fact.number.number]: (inner) => {
      value = inner.double();
    },
    [Fact.text.number]: (inner) => {
      value = inner.string();
    },
    [Fact.flag.number]: (inner) => {
      value = inner.bool();
    },
  });
  return [name, value];
}

/** `checkInfo` finds what is missing. */
const infoOf = (facts: [string, Info[string]][]): Info => Object.fromEntries(facts) as Info;
