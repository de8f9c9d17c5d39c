/**
 * Reads an episode file. A recording that was interrupted reads up to its last whole step: what a killed process or a lost
 * machine leaves is a file whose last record is cut short, overwritten by zeros, or fails its checksum. Damage anywhere
 * else is refused.
 */
import { McapConstants, McapStreamReader } from "@mcap/core";
import { InputError } from "../../base/index.ts";
import type { EnvironmentSpec } from "../../world/index.ts";
import { decodeEnd, decodeStart, decodeStep, type EndRecord, type StartRecord } from "./messages.ts";
import { checkInfo, checkStart, checkStep, type RecordedStep, type StoredEpisode } from "./record.ts";
import type { Topic } from "./schema.ts";

const MAGIC = Uint8Array.from(McapConstants.MCAP_MAGIC);
/** One byte of opcode, eight of length. */
const RECORD_HEADER = 9;

interface Place {
  /** The file's name, with which every message begins. */
  readonly file: string;
  readonly id: string;
  readonly spec: EnvironmentSpec;
  /** Whether observations, actions and times may be NaN or infinite. */
  readonly anyValues?: boolean;
}

/**
 * The episode in `bytes`, or null where the recording was interrupted before its first record was whole. Throws InputError
 * that names file, step and field for a file of another kind or task, and for damage.
 */
export function decodeEpisode(bytes: Uint8Array, place: Place): StoredEpisode | null {
  const { file, id, spec, anyValues } = place;
  let start: StartRecord | undefined;
  let end: EndRecord | undefined;
  const steps: RecordedStep[] = [];
  const droppedBytes = walk(bytes, place, (topic, sequence, data) => {
    const where = `${file}: ${topic === "/step" ? `step ${steps.length}` : topic.slice(1)}`;
    if (end || (topic === "/start") === (start !== undefined)) {
      throw new InputError(`${where}: the record is out of order, expected one start, the steps, one end`);
    }
    if (topic === "/start") {
      start = decodeStart(data);
      if (start.task !== spec.name) {
        throw new InputError(
          `${where}: task: found ${JSON.stringify(start.task)}, expected ${JSON.stringify(spec.name)}`,
        );
      }
      checkStart(start, where);
    } else if (topic === "/step") {
      const step = decodeStep(data);
      if (sequence !== steps.length)
        throw new InputError(`${where}: found number ${sequence}, expected ${steps.length}`);
      checkStep(spec, step, where, { anyValues });
      const before = steps.at(-1);
      if (before?.terminated || before?.truncated) {
        throw new InputError(`${where}: found a step after the end of the episode, expected none`);
      }
      steps.push(step);
    } else {
      end = decodeEnd(data);
      checkInfo(end.info, `${where}: info`);
      if (end.steps !== steps.length) {
        throw new InputError(
          `${where}: steps: found ${end.steps}, expected ${steps.length}, as many as are in the file`,
        );
      }
    }
  });
  if (!start) return null;
  const { seed, actors, info, wallTime } = start;
  const endInfo = end?.info ?? null;
  return { id, seed, actors, info, wallTime, steps, endInfo, success: endInfo?.success ?? null, droppedBytes };
}

type Visit = (topic: Topic, sequence: number, data: Uint8Array) => void;

/** Visits the messages of a file in order. Returns how many bytes of a torn tail were left out. */
function walk(bytes: Uint8Array, { file }: Place, visit: Visit): number {
  const finished = bytes.length > 2 * MAGIC.length && isMagic(bytes.subarray(bytes.length - MAGIC.length));
  if (!isMagic(bytes.subarray(0, MAGIC.length))) {
    if (isTorn(bytes)) return bytes.length;
    throw new InputError(`${file}: not an MCAP file, expected one that begins with its magic bytes`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const reader = recordReader();
  let offset = MAGIC.length;
  while (offset < bytes.length) {
    const rest = bytes.length - offset;
    const length = rest < RECORD_HEADER ? Infinity : RECORD_HEADER + Number(view.getBigUint64(offset + 1, true));
    const opcode = bytes[offset];
    // After the data come the summary and the closing bytes, which say nothing new.
    if (opcode === McapConstants.Opcode.DATA_END && length <= rest) return 0;
    const problem =
      opcode === 0 || length > rest ? "is cut short" : reader(bytes.subarray(offset, offset + length), visit);
    if (problem !== null) {
      const torn = !finished && (length >= rest || isZero(bytes.subarray(offset + length)));
      if (torn) return rest;
      throw new InputError(`${file}: the record at byte ${offset} of ${bytes.length} ${problem}, expected a whole one`);
    }
    offset += length;
  }
  if (finished) throw new InputError(`${file}: found no end of the data before the closing bytes`);
  return 0;
}

/** Reads one record after another; each call returns what is wrong with the bytes, null where nothing is. */
function recordReader(): (record: Uint8Array, visit: Visit) => string | null {
  const reader = new McapStreamReader({ validateCrcs: true });
  const topics = new Map<number, string>();
  reader.append(MAGIC);
  reader.nextRecord();
  return (record, visit) => {
    try {
      reader.append(record);
      for (let found = reader.nextRecord(); found; found = reader.nextRecord()) {
        if (found.type === "Channel") topics.set(found.id, found.topic);
        if (found.type === "Message") visit(topics.get(found.channelId) as Topic, found.sequence, found.data);
      }
      return null;
    } catch (error) {
      if (error instanceof InputError) throw error;
      return `is damaged (${error instanceof Error ? error.message : error})`;
    }
  };
}

const isMagic = (bytes: Uint8Array): boolean =>
  bytes.length === MAGIC.length && MAGIC.every((byte, i) => bytes[i] === byte);
const isZero = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === 0);
/** What can stand where the first write was interrupted: the beginning of the magic bytes, and zeros. */
function isTorn(bytes: Uint8Array): boolean {
  const end = bytes.findIndex((byte, i) => byte !== MAGIC[i]);
  return end < 0 || isZero(bytes.subarray(end));
}
