/** What is drawn under a replay: the gate's readings and the actions, on the same axis of time. */
import type { Box, EpisodeDetail } from "apprentice";
import type { Line } from "../charts/line.ts";

export interface Trace {
  readonly name: string;
  readonly lines: readonly Line[];
}

const THRESHOLD = ".threshold";
const ALARM = "alarm";

/** Seconds at which each step began. */
export const timesOf = (steps: number, controlRate: number): number[] =>
  Array.from({ length: steps }, (_, step) => step / controlRate);

/** A trace per reading, with its threshold; thresholds that are infinite, as uncalibrated ones are, cannot be drawn. */
export function gateTraces({ gate }: Pick<EpisodeDetail, "gate">): Trace[] {
  const readings = Object.keys(gate).filter((name) => name !== ALARM && !name.endsWith(THRESHOLD));
  return readings.map((name) => {
    const threshold = held(gate[`${name}${THRESHOLD}`] ?? []).map((value) => (Number.isFinite(value) ? value : null));
    const lines: Line[] = [{ name, colour: "--ink", values: held(gate[name]), steps: true }];
    if (threshold.some((value) => value !== null)) {
      lines.push({ name: "threshold", colour: "--alarm", values: threshold, dash: [6, 4], width: 1.5 });
    }
    return { name: `gate: ${name}`, lines };
  });
}

/** A reading is good until the next one: a gate that reads chunks says nothing between them. */
function held(values: readonly (number | null)[]): (number | null)[] {
  let last: number | null = null;
  return values.map((value) => {
    last = value ?? last;
    return last;
  });
}

/** A trace per dimension: what was executed, and, where they are there, what the policy proposed and what the labels say. */
export function actionTraces(
  { actions, proposed, label }: EpisodeDetail,
  { names, units }: Pick<Box, "names" | "units">,
): Trace[] {
  return names.map((name, i) => {
    const column = (rows: readonly (readonly number[] | null)[]) => rows.map((row) => row?.[i] ?? null);
    const unit = units[i];
    const lines: Line[] = [];
    if (proposed.some(Boolean)) {
      lines.push({ name: "proposed", colour: "--policy", values: column(proposed), dash: [5, 3], steps: true });
    }
    if (label.some(Boolean))
      lines.push({ name: "label", colour: "--expert", values: column(label), steps: true, dots: true, width: 3 });
    lines.push({ name: "executed", colour: "--ink", values: column(actions), steps: true });
    return { name: unit ? `${name}, ${unit}` : name, lines };
  });
}

/** Steps in which the gate began to ask for help. */
export function alarmStarts({ gate }: Pick<EpisodeDetail, "gate">): number[] {
  const alarm = gate[ALARM] ?? [];
  return alarm.flatMap((value, step) => (value === 1 && alarm[step - 1] !== 1 ? [step] : []));
}
