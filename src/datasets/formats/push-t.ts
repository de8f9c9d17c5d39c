/**
 * Human Push-T demonstrations as Diffusion Policy records them (zarr version 2, ECOSYSTEM.md 2.5): a person pushes a T to
 * its goal with the mouse, 10 Hz, everything in px of a 512 x 512 window. Observation: 9 keypoints of the T and the
 * position of the pusher; action: the pusher's target position. The images stay unread.
 */
import { InputError } from "../../base/index.ts";
import { type Column, createDataset, type Dataset } from "../dataset.ts";
import type { Recorded } from "../verify/finding.ts";
import { type ArrayRequest, type ByteStore, readZarrArray } from "./zarr.ts";

const CONTROL_RATE = 10;
/** The pusher and its target stay in the window; a T whose centre does reaches at most its own length (120 px) beyond. */
const WINDOW = { low: 0, high: 512 };
const REACH = { low: -128, high: 640 };

const AXES = ["x", "y"];
const KEYPOINTS = Array.from({ length: 9 }, (_, i) => AXES.map((axis) => `keypoint.${i}.${axis}`)).flat();
const PUSHER = AXES.map((axis) => `agent.${axis}`);
const TARGET = AXES.map((axis) => `target.${axis}`);

/** The dataset in `store`; `label` names it in messages. Throws InputError, naming the array, for anything damaged. */
export async function readPushTStore(store: ByteStore, label: string): Promise<Dataset> {
  return createDataset(await readArrays(store, label, { anyValues: false }));
}

/** The same with values as they are, NaN and what lies beyond the window included, for verification to judge. */
export async function readRecordedPushT(store: ByteStore, label: string): Promise<Recorded> {
  const actionBounds = { low: AXES.map(() => WINDOW.low), high: AXES.map(() => WINDOW.high) };
  return { ...(await readArrays(store, label, { anyValues: true })), actionBounds };
}

async function readArrays(store: ByteStore, label: string, { anyValues }: { anyValues: boolean }): Promise<Dataset> {
  if (!(await store.get("/.zgroup"))) {
    throw new InputError(`${label}: found no .zgroup, expected a zarr version 2 group with data/ and meta/`);
  }
  const arrays = { store, label };
  const keypoint = await readNumbers(
    { ...arrays, path: "data/keypoint", type: "<f4", rest: [9, 2] },
    anyValues ? null : REACH,
  );
  const state = await readNumbers({ ...arrays, path: "data/state", type: "<f4", rest: [5] }, null);
  const action = await readNumbers(
    { ...arrays, path: "data/action", type: "<f4", rest: [2] },
    anyValues ? null : WINDOW,
  );
  const steps = action.rows;
  for (const [path, { rows }] of Object.entries({ "data/keypoint": keypoint, "data/state": state })) {
    if (rows !== steps)
      throw new InputError(`${label}: array ${path}: found ${rows} steps, expected ${steps} as in data/action`);
  }
  const episodeEnds = await readEpisodeEnds({ ...arrays, path: "meta/episode_ends", type: "<i8", rest: [] }, steps);
  const observation = new Float32Array(steps * 20);
  for (let step = 0; step < steps; step++) {
    const pusher = state.values.subarray(step * 5, step * 5 + 2);
    if (!anyValues) checkRange({ ...arrays, path: "data/state" }, pusher, WINDOW, step * 5);
    observation.set(keypoint.values.subarray(step * 18, (step + 1) * 18), step * 20);
    observation.set(pusher, step * 20 + 18);
  }
  return {
    task: "push-t",
    observation: pixels([...KEYPOINTS, ...PUSHER], observation),
    // a mouse: every recorded target is a whole pixel
    action: { ...pixels(TARGET, action.values), resolution: [1, 1] },
    episodeEnds,
    controlRate: CONTROL_RATE,
    provenance: { format: "push-t zarr", source: label, actors: ["human"], notes: [] },
  };
}

const pixels = (names: readonly string[], values: Float32Array): Column => ({
  names,
  units: names.map(() => "px"),
  values,
});

async function readNumbers(
  request: ArrayRequest,
  range: typeof WINDOW | null,
): Promise<{ rows: number; values: Float32Array }> {
  const { rows, values } = await readZarrArray(request);
  if (!(values instanceof Float32Array)) throw new Error(`${request.path}: ${request.type} read as integers`);
  if (range) checkRange(request, values, range, 0);
  return { rows, values };
}

/** `offset`: where in the array `values` begin. */
function checkRange(
  { label, path }: Pick<ArrayRequest, "label" | "path">,
  values: Float32Array,
  { low, high }: typeof WINDOW,
  offset: number,
): void {
  const broken = values.findIndex((value) => !(value >= low && value <= high));
  if (broken < 0) return;
  throw new InputError(
    `${label}: array ${path}: number ${offset + broken}: found ${values[broken]}, expected ${low} to ${high} px`,
  );
}

async function readEpisodeEnds(request: ArrayRequest, steps: number): Promise<Int32Array> {
  const { values } = await readZarrArray(request);
  const fail = (problem: string) => new InputError(`${request.label}: array ${request.path}: ${problem}`);
  const ends = Array.from(values, Number);
  ends.forEach((end, i) => {
    const before = i === 0 ? 0 : ends[i - 1];
    if (!(end > before)) throw fail(`episode ${i} ends at step ${end}, expected more than ${before}`);
  });
  if (ends[ends.length - 1] !== steps) {
    throw fail(`the last episode ends at step ${ends[ends.length - 1]}, expected ${steps} as in data/action`);
  }
  return Int32Array.from(ends);
}
