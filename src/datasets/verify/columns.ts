import { lengthOf, spanOf } from "../dataset.ts";
import { aboutAll, columnsOf, type Finding, percent, type Recorded, show } from "./finding.ts";

type ColumnOf = ReturnType<typeof columnsOf>[number];

/** More constant columns of one array than these are told together. */
const ONE_BY_ONE = 3;

/** Columns that never change. A warning: a sensor that is dead or not connected, or an action that is not recorded. */
export function findConstant(data: Recorded): Finding[] {
  const constant = columnsOf(data).filter((column) => isConstant(column, lengthOf(data)));
  const arrays = new Map<string, ColumnOf[]>();
  for (const column of constant) {
    const array = column.part === "action" ? column.part : arrayOf(column.name);
    arrays.set(array, [...(arrays.get(array) ?? []), column]);
  }
  return [...arrays].flatMap(([array, columns]): Finding[] => {
    const use = array === "action" ? "nothing can be learned of it" : "it tells a policy nothing";
    const about = { check: "constant", severity: "warning" } as const;
    if (columns.length <= ONE_BY_ONE) {
      return columns.map(({ name, unit, values, index }) => {
        const value = values[index];
        return aboutAll(data, { ...about, name, value, message: `is ${show(value)}${unit} throughout: ${use}` });
      });
    }
    const names = columns.map(({ name }) => name.slice(array.length + 1)).join(", ");
    const message = `${columns.length} columns never change: ${names}: ${use.replace("it tells", "they tell")}`;
    return [aboutAll(data, { ...about, name: array, value: columns.length, message })];
  });
}

/** `observation.ARRAY` of `observation.ARRAY.DIMENSION`. */
const arrayOf = (name: string): string => name.split(".").slice(0, 2).join(".");

/** Columns of one part that are the same at every step, constant ones aside. A warning. */
export function findDuplicateColumns(data: Recorded): Finding[] {
  const steps = lengthOf(data);
  const varying = columnsOf(data).filter((column) => !isConstant(column, steps));
  return varying.flatMap((column, i) => {
    const first = varying
      .slice(0, i)
      .find((other) => other.part === column.part && shareEqual(data, other, column, 0) === 1);
    if (!first) return [];
    const message = `is the same as ${first.name} at every step`;
    return [aboutAll(data, { check: "duplicate-column", severity: "warning", name: column.name, message })];
  });
}

/** Observations that equal an action at so many of the steps hold it. */
const LEAK = 0.999;

/**
 * Observations that hold the action: that of the same step (an error: a policy copies it, and has nothing to copy when it
 * acts itself), or that of the step before (a warning: repeating it scores well on recordings and drives badly, de Haan et
 * al. 2019).
 */
export function findLeaks(data: Recorded): Finding[] {
  const steps = lengthOf(data);
  const columns = columnsOf(data).filter((column) => !isConstant(column, steps));
  return columns.flatMap((observation) => {
    if (observation.part !== "observation") return [];
    return columns.flatMap((action): Finding[] => {
      if (action.part !== "action") return [];
      const about = { check: "leak", name: observation.name } as const;
      const now = shareEqual(data, observation, action, 0);
      if (now >= LEAK) {
        const message = `equals ${action.name} of the same step at ${percent(now)} of the steps: the answer is in the question`;
        return [aboutAll(data, { ...about, severity: "error", value: now, message })];
      }
      const before = shareEqual(data, observation, action, 1);
      if (before < LEAK) return [];
      const message = `equals ${action.name} of the step before at ${percent(before)} of the steps: compare with repeating the last action`;
      return [aboutAll(data, { ...about, severity: "warning", value: before, message })];
    });
  });
}

function isConstant({ values, width, index }: ColumnOf, steps: number): boolean {
  for (let row = 1; row < steps; row++) {
    if (!Object.is(values[row * width + index], values[index])) return false;
  }
  return true;
}

/** Steps that two columns may differ at before the comparison is given up, of those in a first look. */
const LOOK = 64;

/** The share of steps at which `a` equals `b` as many steps `before`; 0 where a first look finds few. */
function shareEqual(data: Recorded, a: ColumnOf, b: ColumnOf, before: number): number {
  let [equal, seen] = [0, 0];
  for (let episode = 0; episode < data.episodeEnds.length; episode++) {
    const { start, end } = spanOf(data.episodeEnds, episode);
    for (let row = start + before; row < end; row++) {
      if (a.values[row * a.width + a.index] === b.values[(row - before) * b.width + b.index]) equal++;
      seen++;
      if (seen === LOOK && equal < LOOK / 2) return 0;
    }
  }
  return seen === 0 ? 0 : equal / seen;
}
