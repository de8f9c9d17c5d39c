/**
 * Writes an episode while it happens, as one MCAP file. Every step is a chunk of its own, uncompressed, with its checksum
 * and index, and is handed to the operating system before `append` resolves: it outlives the process from then on. It
 * outlives the machine from `flush` or `finish` on, which wait for the disk.
 */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { McapWriter } from "@mcap/core";
import { InputError, unusable } from "../../base/index.ts";
import { UNFINISHED } from "../../runs/node.ts";
import type { EnvironmentSpec, Info } from "../../world/index.ts";
import { encodeEnd, encodeStart, encodeStep } from "./messages.ts";
import {
  checkInfo,
  checkStart,
  checkStep,
  type EpisodeStart,
  type RecordedStep,
  type StepToRecord,
  type StoredEpisode,
} from "./record.ts";
import { fileDescriptorSet, fullName, TOPICS, type Topic } from "./schema.ts";

export interface EpisodeRecording {
  readonly id: string;
  readonly file: string;
  /** Steps so far. */
  readonly length: number;
  /**
   * Records a step; resolves once it is in the operating system's hands. Its arrays may be changed as soon as the call
   * returns. Calls need not wait for one another. Rejects with InputError for a step that does not fit the task's spaces,
   * is not finite, or comes after the end, and where the disk refuses.
   */
  append(step: StepToRecord): Promise<void>;
  /** Waits until all that was appended is on the disk. */
  flush(): Promise<void>;
  /** Writes what the environment said last and the file's index, waits for the disk, and closes the file. */
  finish(info: Info): Promise<void>;
  /** Closes the file as it is: an interrupted recording, all of whose steps can be read. */
  abandon(): Promise<void>;
}

export interface RecordingOptions extends EpisodeStart {
  readonly id: string;
  readonly file: string;
  readonly spec: EnvironmentSpec;
  /** Seconds since 1970; the machine's clock when left out. */
  readonly clock?: () => number;
}

/** Seconds since the reset, and since 1970. */
type Moment = { readonly time: number; readonly wallTime: number };

/** Begins a new file, which must not exist yet (EEXIST is thrown as it is). Throws InputError for a start unfit to be kept. */
export async function startRecording(options: RecordingOptions): Promise<EpisodeRecording> {
  const { file, clock = now } = options;
  checkStart(options, `${file}: start`);
  const startTime = clock();
  return record(options, { startTime, output: openOutput(file, { at: file, ifNew: true }) });
}

/**
 * Goes on with an interrupted recording: `stored` is what can be read of it, null where not even its start is whole. What
 * is whole is written anew beside the file, which then takes its place: whenever the process is killed, the file holds all
 * of `stored`, and once it has ended it is the same, byte for byte, as if it had not been interrupted. Throws InputError for
 * a start that is not that of `stored`, and where the disk refuses; the file stays as it is then.
 */
export async function reopenRecording(
  options: RecordingOptions & { stored: StoredEpisode | null },
): Promise<EpisodeRecording> {
  const { id, file, stored, clock = now } = options;
  checkStart(options, `${file}: start`);
  if (stored) checkSameStart(stored, options);
  // Without the ending of an episode's file: nobody takes it for one.
  const unfinished = join(dirname(file), `${UNFINISHED}${id}`);
  let output: Output | undefined;
  try {
    output = openOutput(file, { at: unfinished, ifNew: false });
    const recording = await record(options, { startTime: stored?.wallTime ?? clock(), output });
    for (const step of stored?.steps ?? []) await recording.append(step);
    output.sync();
    renameSync(unfinished, file);
    return recording;
  } catch (error) {
    output?.close();
    rmSync(unfinished, { force: true });
    throw unusable(file, "written", error);
  }
}

function checkSameStart(stored: StoredEpisode, { file, seed, actors, info }: RecordingOptions): void {
  const [found, expected] = [{ seed, actors, info }, stored].map((start) =>
    encodeStart({ seed: start.seed, actors: start.actors, info: start.info, task: "", wallTime: 0 }),
  );
  if (Buffer.compare(found, expected) === 0) return;
  throw new InputError(`${file}: start: found another seed, actors or info than in the file, expected the same`);
}

const now = () => Date.now() / 1000;

type Output = ReturnType<typeof openOutput>;

async function record(
  { id, file, spec, clock = now, seed, actors, info }: RecordingOptions,
  { startTime, output }: { startTime: number; output: Output },
): Promise<EpisodeRecording> {
  const writer = new McapWriter({ writable: output, chunkSize: 0 });
  const channels = new Map<Topic, number>();
  let length = 0;
  let ended: "episode" | "recording" | null = null;
  let turn: Promise<void> = Promise.resolve();

  /** One after another, in the order of the calls; after a failure nothing more is written. */
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    turn = turn.then(work);
    // A caller that awaits only the last append is told there; the ones before must not count as unhandled.
    turn.catch(() => {});
    return turn;
  };
  const write = (topic: Topic, sequence: number, data: Uint8Array, { time, wallTime }: Moment): Promise<void> => {
    // Viewers play by log time: at the pace of the world, however fast it was simulated.
    const [logTime, publishTime] = [nanoseconds(startTime + time), nanoseconds(wallTime)];
    return writer.addMessage({ channelId: channels.get(topic) ?? 0, sequence, logTime, publishTime, data });
  };

  try {
    await writer.start({ profile: "", library: "apprentice" });
    for (const [topic, message] of Object.entries(TOPICS)) {
      const schema = { name: fullName(message), encoding: "protobuf", data: fileDescriptorSet() };
      const schemaId = await writer.registerSchema(schema);
      const channel = { schemaId, topic, messageEncoding: "protobuf", metadata: new Map() };
      channels.set(topic as Topic, await writer.registerChannel(channel));
    }
    const first = encodeStart({ task: spec.name, seed, actors, info, wallTime: startTime });
    await write("/start", 0, first, { time: 0, wallTime: startTime });
    output.send();
  } catch (error) {
    output.close();
    throw error;
  }

  let lastTime = 0;
  return {
    id,
    file,
    get length() {
      return length;
    },
    async append(step) {
      const where = `${file}: step ${length}`;
      if (ended) throw new InputError(`${where}: found a step after the end of the ${ended}, expected none`);
      const whole = complete(step, clock);
      checkStep(spec, whole, where);
      const data = encodeStep(whole);
      const sequence = length++;
      lastTime = whole.time;
      if (whole.terminated || whole.truncated) ended = "episode";
      return inTurn(async () => {
        await write("/step", sequence, data, whole);
        output.send();
      });
    },
    flush: () => inTurn(async () => output.sync()),
    async finish(last) {
      if (ended === "recording") throw new InputError(`${file}: the recording has already ended`);
      checkInfo(last, `${file}: end: info`);
      ended = "recording";
      const wallTime = clock();
      await inTurn(async () => {
        await write("/end", 0, encodeEnd({ steps: length, info: last, wallTime }), { time: lastTime, wallTime });
        await writer.end();
        output.send();
        output.sync();
      }).finally(output.close);
    },
    async abandon() {
      ended = "recording";
      await inTurn(async () => {}).finally(output.close);
    },
  };
}

const complete = (step: StepToRecord, clock: () => number): RecordedStep => ({
  ...step,
  proposed: step.proposed ?? null,
  label: step.label ?? null,
  operator: step.operator ?? null,
  policyVersion: step.policyVersion ?? null,
  gate: step.gate ?? {},
  wallTime: step.wallTime ?? clock(),
});

/** A double of seconds since 1970 is exact to a quarter of a microsecond, so microseconds are all there is. */
const nanoseconds = (seconds: number): bigint => BigInt(Math.round(seconds * 1e6)) * 1000n;

/** What McapWriter writes to: it collects, and hands a whole record over at once. `file` is what errors name. */
function openOutput(file: string, { at, ifNew }: { at: string; ifNew: boolean }) {
  const handle = openSync(at, ifNew ? "wx" : "w");
  let pending: Uint8Array[] = [];
  let position = 0n;
  let open = true;
  return {
    position: () => position,
    async write(bytes: Uint8Array) {
      // The writer goes on using the memory behind `bytes`.
      pending.push(bytes.slice());
      position += BigInt(bytes.length);
    },
    send() {
      const bytes = Buffer.concat(pending);
      pending = [];
      try {
        for (let sent = 0; sent < bytes.length; ) sent += writeSync(handle, bytes, sent);
      } catch (error) {
        throw unusable(file, "written", error);
      }
    },
    sync() {
      try {
        fsyncSync(handle);
      } catch (error) {
        throw unusable(file, "flushed to the disk", error);
      }
    },
    close() {
      if (open) closeSync(handle);
      open = false;
    },
  };
}
