/** Gates: what watches a policy and asks for help by itself. A score reads how doubtful it is; a rule makes alarms of it. */
import type { Key } from "../base/index.ts";
import type { Request } from "./control.ts";

/** What a gate looks at: N moments, each of another episode. */
export interface GateMoments {
  /** [N, To, Do], oldest first, in the task's units. */
  readonly histories: Float32Array;
  /** [N, Tp, Da]: what the policy plans there, in the task's units; index 0 belongs to the oldest observation. */
  readonly chunks: Float32Array;
  /** [N]: steps since each chunk was planned; 0 = planned just now. */
  readonly places: Int32Array;
  /** One per row: all randomness of its reading. */
  readonly keys: readonly Key[];
  /** [N]: which episode each row belongs to: a score that remembers keeps its memory by this number. */
  readonly episodes: readonly number[];
  /** [N]: number of the step in its episode. Chunks do not follow one another evenly where control changes. */
  readonly steps: Int32Array;
  /** [N, Da]: the expert's actions, where the score asks for them (each is charged), else null. */
  readonly expert: Float32Array | null;
}

export interface GateScore {
  readonly name: string;
  /** Names of its readings; each is higher where the policy is more in doubt. */
  readonly readings: readonly string[];
  /** Whether it has to know what the expert would do: every such question is a label, and charged. */
  readonly asksExpert: boolean;
  /** Forgets what it knew of the episode: a new one begins under this number. */
  start(episode: number): void;
  /** [N, readings.length], none NaN. */
  read(moments: GateMoments): Float32Array | Promise<Float32Array>;
}

/** When readings make an alarm, and when it is over. */
export interface GateRule {
  /** By reading: a reading above it counts. A reading that is not named does not. */
  readonly thresholds: Readonly<Record<string, number>>;
  /** By reading: the alarm lasts while a reading is above it (hysteresis), at most the threshold; default: `thresholds`. */
  readonly release?: Readonly<Record<string, number>>;
  /** Whether any or all of the readings named must be above; default "any". */
  readonly combine?: "any" | "all";
  /** Readings above the threshold, one after another, that make an alarm; default 1. */
  readonly patience?: number;
  /** Steps that an alarm lasts at least; default 0. */
  readonly dwell?: number;
}

export interface Gate {
  readonly score: GateScore;
  readonly rule: GateRule;
  /** Whether it reads in every step, or only where a chunk was planned; default "plan". */
  readonly reads?: "step" | "plan";
}

/** A gate's rule at work in one episode. */
export interface Watch {
  readonly alarmed: boolean;
  /** What a step's readings lead to, null where there is nothing new; `readings` is null where none were taken. */
  watch(readings: Readonly<Record<string, number>> | null): Request | null;
}

/** The name under which steps record whether a gate asks for help, 1 or 0, beside its readings. */
export const ALARM = "alarm";

/** Throws RangeError where a gate's rule goes by what its score does not read, or a reading has a name that is taken. */
export function checkGate({ score, rule }: Gate): void {
  for (const name of Object.keys(rule.thresholds)) {
    if (!score.readings.includes(name)) {
      throw new RangeError(`gate: threshold of "${name}": found no such reading, expected ${score.readings.join(", ")}`);
    }
  }
  const taken = score.readings.find((name) => name === ALARM || name.endsWith(THRESHOLD));
  if (taken !== undefined) throw new RangeError(`gate: found a reading named "${taken}", expected another name`);
}

const THRESHOLD = ".threshold";

/** A rule's thresholds by the names under which steps record them: that of "doubt" is "doubt.threshold". */
export function recordedThresholds({ thresholds }: GateRule): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(thresholds).map(([name, value]) => [`${name}${THRESHOLD}`, value]));
}

/**
 * Throws RangeError for a rule without thresholds, or with one that is NaN, for a release of another reading or above its
 * threshold, and for a patience or dwell that is no count.
 */
export function createWatch(rule: GateRule): Watch {
  const { thresholds, release = thresholds, combine = "any", patience = 1, dwell = 0 } = rule;
  checkRule(rule);
  const names = Object.keys(thresholds);
  const isAbove = (readings: Readonly<Record<string, number>>, limits: Readonly<Record<string, number>>) => {
    const above = (name: string) => readings[name] > (limits[name] ?? thresholds[name]);
    return combine === "any" ? names.some(above) : names.every(above);
  };
  let [alarmed, inRow, lasted] = [false, 0, 0];
  return {
    get alarmed() {
      return alarmed;
    },
    watch(readings) {
      if (alarmed) {
        lasted += 1;
        if (readings === null || lasted < dwell || isAbove(readings, release)) return null;
        [alarmed, inRow] = [false, 0];
        return "clear";
      }
      if (readings === null) return null;
      inRow = isAbove(readings, thresholds) ? inRow + 1 : 0;
      if (inRow < patience) return null;
      [alarmed, lasted] = [true, 0];
      return "alarm";
    },
  };
}

function checkRule({ thresholds, release = {}, patience = 1, dwell = 0 }: GateRule): void {
  const limits = Object.entries(thresholds);
  if (limits.length === 0) throw new RangeError("gate: found no threshold, expected at least one");
  for (const [name, limit] of limits) {
    if (Number.isNaN(limit)) throw new RangeError(`gate: threshold of "${name}": found NaN, expected a number`);
  }
  for (const [name, limit] of Object.entries(release)) {
    if (!(limit <= thresholds[name])) {
      throw new RangeError(`gate: release of "${name}": found ${limit}, expected at most its threshold, ${thresholds[name]}`);
    }
  }
  if (!(Number.isInteger(patience) && patience >= 1)) {
    throw new RangeError(`gate: patience: found ${patience}, expected an integer >= 1`);
  }
  if (!(Number.isInteger(dwell) && dwell >= 0)) {
    throw new RangeError(`gate: dwell: found ${dwell}, expected an integer >= 0`);
  }
}
