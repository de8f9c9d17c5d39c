/**
 * metrics.jsonl: one JSON object per line, `{"update":100,"loss":0.31,…}`. A number that is not finite is written as the
 * string "NaN", "Infinity" or "-Infinity", because JSON has no other way. A line is there when its newline is.
 */
import { InputError } from "../base/index.ts";
import { checkUpdate } from "./checkpoint.ts";

/** Numbers by name, as they were after `update` updates. Names with "/" are grouped by TensorBoard: "heldOut/loss". */
export type MetricsRecord = { readonly update: number; readonly [name: string]: number };

const NOT_FINITE = ["NaN", "Infinity", "-Infinity"];

/** A record as its line, with the newline. Throws Error where a value is not a number. */
export function metricsLine(record: MetricsRecord): string {
  checkUpdate(record.update);
  const values = Object.entries(record).map(([name, value]): [string, number | string] => {
    if (typeof value !== "number") throw new Error(`metrics: "${name}" is ${typeof value}, expected a number`);
    return [name, Number.isFinite(value) ? value : String(value)];
  });
  return `${JSON.stringify(Object.fromEntries(values))}\n`;
}

/**
 * The records of a metrics.jsonl. A last line without its newline is what a killed process leaves, and is ignored; any
 * other line that is no record throws InputError with `where` and the line's number.
 */
export function parseMetrics(text: string, where: string): MetricsRecord[] {
  return text
    .split("\n")
    .slice(0, -1)
    .map((line, index) => parseLine(line, `${where}:${index + 1}`));
}

function parseLine(line: string, where: string): MetricsRecord {
  let found: unknown;
  try {
    found = JSON.parse(line);
  } catch {
    throw new InputError(`${where}: not valid JSON, expected one record of metrics`);
  }
  if (typeof found !== "object" || found === null || Array.isArray(found)) {
    throw new InputError(`${where}: not a JSON object, expected one record of metrics`);
  }
  const record = Object.fromEntries(
    Object.entries(found).map(([name, value]) => {
      const number = NOT_FINITE.includes(value) ? Number(value) : value;
      if (typeof number !== "number") {
        throw new InputError(`${where}: ${JSON.stringify(name)} is ${JSON.stringify(value)}, expected a number`);
      }
      return [name, number];
    }),
  );
  if (!Number.isSafeInteger(record.update) || record.update < 0) {
    throw new InputError(`${where}: "update" is ${record.update}, expected a whole number from 0 up`);
  }
  return record as MetricsRecord;
}
