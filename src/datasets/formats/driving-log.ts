/**
 * Driving logs of the Udacity simulator: one row per camera image, `center, left, right, steering, throttle, brake, speed`.
 * Observation: speed (the log's mph in m/s) and the steering of the step before; action: steering, in the simulator's units
 * (-1 full left, 1 full right). Episodes end where the recording pauses for more than a second.
 */
import { parse } from "csv-parse/sync";
import { InputError, quantile } from "../../base/index.ts";
import { createDataset, type Dataset } from "../dataset.ts";
import type { Recorded } from "../verify/finding.ts";

/** The simulator's log rounds the steering to 213ths of full lock: every recorded value is a multiple of this. */
const STEERING_STEP = 1 / 213;

const COLUMNS = ["center", "left", "right", "steering", "throttle", "brake", "speed"] as const;
const RANGES = { steering: [-1, 1], throttle: [0, 1], brake: [0, 1], speed: [0, 200] } as const;
/** m/s per mph. */
const MILES_PER_HOUR = 0.44704;
/** A longer silence starts a new episode, ms. */
const PAUSE = 1000;

const COPYCAT =
  "The previous steering is in the observation, and steering changes slowly: repeating it scores well here and drives " +
  "badly (de Haan et al. 2019). Compare with the repeat-last predictor.";

interface Row {
  /** ms since 1970, in the recorder's own time zone. */
  time: number;
  steering: number;
  /** m/s. */
  speed: number;
}

/** The dataset of the text of a driving log; `label` names the file in messages. Throws InputError with line and column. */
export function parseDrivingLog(text: string, label: string): Dataset {
  return datasetOfRows(readRows(text, label), label);
}

/** The same with time stamps and bounds, for verification. */
export function recordedDrivingLog(text: string, label: string): Recorded {
  const rows = readRows(text, label);
  const [low, high] = RANGES.steering;
  const time = Float64Array.from(rows, (row) => (row.time - rows[0].time) / 1000);
  return { ...datasetOfRows(rows, label), time, actionBounds: { low: [low], high: [high] } };
}

function datasetOfRows(rows: readonly Row[], label: string): Dataset {
  const pauses = rows.flatMap(({ time }, i) => (i > 0 && time - rows[i - 1].time > PAUSE ? [i] : []));
  const firstRows = new Set([0, ...pauses]);
  const periods = rows.flatMap(({ time }, i) => (firstRows.has(i) ? [] : [time - rows[i - 1].time]));
  if (periods.length === 0)
    throw new InputError(`${label}: found ${rows.length} rows, expected a recording of at least 2`);
  // Before the first step of an episode the wheel is taken to be straight.
  const previous = (i: number) => (firstRows.has(i) ? 0 : rows[i - 1].steering);
  return createDataset({
    task: "udacity-driving",
    observation: {
      names: ["vehicle.speed", "previous.steering"],
      units: ["m/s", "1"],
      values: Float32Array.from(rows.flatMap(({ speed }, i) => [speed, previous(i)])),
    },
    action: {
      names: ["steering"],
      units: ["1"],
      values: Float32Array.from(rows, ({ steering }) => steering),
      resolution: [STEERING_STEP],
    },
    episodeEnds: Int32Array.from([...pauses, rows.length]),
    controlRate: 1000 / quantile(periods, 0.5),
    provenance: { format: "udacity driving log", source: label, actors: ["human"], notes: [COPYCAT] },
  });
}

function readRows(text: string, label: string): Row[] {
  const lines = splitLines(text, label);
  const rows = lines.map(({ line, fields }) => readRow(fields, `${label}: line ${line}`));
  rows.forEach(({ time }, i) => {
    if (i > 0 && time <= rows[i - 1].time) {
      throw new InputError(
        `${label}: line ${lines[i].line}, column center: found a time ${rows[i - 1].time - time} ms before the line above, ` +
          "expected a later one",
      );
    }
  });
  return rows;
}

function splitLines(text: string, label: string): { line: number; fields: string[] }[] {
  const lines: { line: number; fields: string[] }[] = [];
  try {
    parse(text, {
      bom: true,
      trim: true,
      skip_empty_lines: true,
      relax_column_count: true,
      on_record: (fields: string[], { lines: line }) => {
        lines.push({ line, fields });
      },
    });
  } catch (error) {
    throw new InputError(`${label}: not CSV: ${error instanceof Error ? error.message : error}`);
  }
  const hasHeader = lines[0]?.fields[0] === COLUMNS[0];
  return hasHeader ? lines.slice(1) : lines;
}

function readRow(fields: readonly string[], label: string): Row {
  if (fields.length !== COLUMNS.length) {
    throw new InputError(
      `${label}: found ${fields.length} columns, expected ${COLUMNS.length} (${COLUMNS.join(", ")})`,
    );
  }
  const number = (column: keyof typeof RANGES) => {
    const field = fields[COLUMNS.indexOf(column)];
    const [low, high] = RANGES[column];
    const value = field === "" ? Number.NaN : Number(field);
    if (value >= low && value <= high) return value;
    throw new InputError(`${label}, column ${column}: found "${field}", expected a number from ${low} to ${high}`);
  };
  number("throttle");
  number("brake");
  return { time: readTime(fields[0], label), steering: number("steering"), speed: number("speed") * MILES_PER_HOUR };
}

/** The simulator names images by their time: `center_2019_09_01_13_09_30_684.jpg`, the last number in ms. */
function readTime(image: string, label: string): number {
  const match = /center_(\d{4})_(\d\d)_(\d\d)_(\d\d)_(\d\d)_(\d\d)_(\d{3})\.\w+$/.exec(image);
  if (!match) {
    throw new InputError(
      `${label}, column center: found "${image}", expected an image center_YYYY_MM_DD_hh_mm_ss_ms.jpg`,
    );
  }
  const [year, month, day, hour, minute, second, ms] = match.slice(1).map(Number);
  return Date.UTC(year, month - 1, day, hour, minute, second, ms);
}
