/** Gates: what watches a policy and asks for help by itself. A score reads how doubtful it is; a rule makes alarms of it. */
import type { Key } from "../base/index.ts";

/** What a gate looks at: N moments, each of another episode. */
export interface GateMoments {
  /** [N, To, Do], oldest first, in the task's units. */
  readonly histories: Float32Array;
  /** [N, Tp, Da]: what the policy planned last, in the task's units; index 0 belongs to the oldest observation of then. */
  readonly chunks: Float32Array;
  /** [N]: steps since each chunk was planned; 0 = planned just now. */
  readonly places: Int32Array;
  /** One per row: all randomness of its reading. */
  readonly keys: readonly Key[];
  /** [N]: which episode each row belongs to: a score that remembers keeps its memory by this number. */
  readonly episodes: readonly number[];
  /** [N]: number of the step in its episode. Chunks do not follow one another evenly where control changes. */
  readonly steps: Int32Array;
  /** [N, Da]: the expert's actions; rows of NaN where it was not asked, null where it was asked nowhere. */
  readonly expert: Float32Array | null;
}

export interface GateScore {
  readonly name: string;
  /** Names of its readings; each is higher where the policy is more in doubt. */
  readonly readings: readonly string[];
  /**
   * Whether it has to know what the expert would do. "always" makes a label of every reading, and is charged as such;
   * "driving" hears what the expert says anyway while it drives, and asks once more in the step in which it then hands back.
   */
  readonly asksExpert: "never" | "driving" | "always";
  /** Forgets what it knew of the episode: a new one begins under this number. */
  start(episode: number): void;
  /** [N, readings.length]; NaN is no reading, as where the expert had to be asked and was not. */
  read(moments: GateMoments): Float32Array | Promise<Float32Array>;
}

/** When readings make an alarm, and when it is over. */
export interface GateRule {
  /** By reading: a reading above it counts. A reading that is not named does not. */
  readonly thresholds: Readings;
  /**
   * By reading, the same as in `thresholds` or others: the alarm lasts while they are above these (hysteresis), and where
   * one of them is missing. Default: `thresholds`.
   */
  readonly release?: Readings;
  /** Whether any or all of the readings named must be above; default "any". */
  readonly combine?: "any" | "all";
  /** Readings above the threshold, one after another, that make an alarm; default 1. */
  readonly patience?: number;
  /** Steps that an alarm lasts at least; default 1. */
  readonly dwell?: number;
}

export type Readings = Readonly<Record<string, number>>;

export interface Gate {
  readonly score: GateScore;
  /** Read where an episode begins: a rule may change from one to the next. */
  readonly rule: GateRule;
  /** Whether it reads in every step, or only where a chunk was planned; default "plan". */
  readonly reads?: "step" | "plan";
}

/** A gate's rule at work in one episode. */
export interface Watch {
  readonly alarmed: boolean;
  /**
   * To be called once in every step: whether it asks for help then. `readings` is null where none were taken. Throws
   * RangeError where one that makes alarms is missing.
   */
  watch(readings: Readings | null): boolean;
}

/** The name under which steps record whether a gate asks for help, 1 or 0, beside its readings. */
export const ALARM = "alarm";
const THRESHOLD = ".threshold";

/** A rule's thresholds by the names under which steps record them: that of "doubt" is "doubt.threshold". */
export function recordedThresholds({ thresholds }: GateRule): Readings {
  return Object.fromEntries(Object.entries(thresholds).map(([name, value]) => [`${name}${THRESHOLD}`, value]));
}

/** Throws RangeError where a gate's rule goes by what its score does not read, or a reading has a name that is taken. */
export function checkGate({ score, rule }: Gate): void {
  for (const name of Object.keys({ ...rule.thresholds, ...rule.release })) {
    if (!score.readings.includes(name)) {
      throw new RangeError(`gate: threshold of "${name}": expected one of its readings, ${score.readings.join(", ")}`);
    }
  }
  const taken = score.readings.find((name) => name === ALARM || name.endsWith(THRESHOLD));
  if (taken !== undefined) throw new RangeError(`gate: found a reading named "${taken}", expected another name`);
}

/**
 * Throws RangeError for a rule without thresholds, or with one that is NaN, for a release above the threshold of the same
 * reading, and for a patience or dwell below 1.
 */
export function createWatch(rule: GateRule): Watch {
  checkRule(rule);
  const { thresholds, release = thresholds, combine = "any", patience = 1, dwell = 1 } = rule;
  const isAbove = (readings: Readings, limits: Readings) => {
    const above = Object.entries(limits).map(([name, limit]) => readings[name] > limit);
    return combine === "any" ? above.some(Boolean) : above.every(Boolean);
  };
  let [alarmed, inRow, lasted] = [false, 0, 0];
  const begins = (readings: Readings) => {
    const missing = Object.keys(thresholds).find((name) => readings[name] === undefined);
    if (missing !== undefined) throw new RangeError(`gate: found no reading of "${missing}", expected one`);
    inRow = isAbove(readings, thresholds) ? inRow + 1 : 0;
    return inRow >= patience;
  };
  const ends = (readings: Readings) =>
    Object.keys(release).every((name) => readings[name] !== undefined) && !isAbove(readings, release);
  return {
    get alarmed() {
      return alarmed;
    },
    watch(readings) {
      if (alarmed) {
        lasted += 1;
        if (readings && lasted >= dwell && ends(readings)) [alarmed, inRow] = [false, 0];
      } else if (readings && begins(readings)) {
        [alarmed, lasted] = [true, 0];
      }
      return alarmed;
    },
  };
}

function checkRule({ thresholds, release = {}, patience = 1, dwell = 1 }: GateRule): void {
  const limits = Object.entries({ ...thresholds, ...release });
  if (Object.keys(thresholds).length === 0) throw new RangeError("gate: found no threshold, expected at least one");
  for (const [name, limit] of limits) {
    if (Number.isNaN(limit)) throw new RangeError(`gate: threshold of "${name}": found NaN, expected a number`);
  }
  for (const [name, limit] of Object.entries(release)) {
    if (limit > thresholds[name]) {
      throw new RangeError(`gate: release of "${name}": found ${limit}, expected at most ${thresholds[name]}`);
    }
  }
  for (const [name, count] of Object.entries({ patience, dwell })) {
    if (!(Number.isInteger(count) && count >= 1)) {
      throw new RangeError(`gate: ${name}: found ${count}, expected an integer >= 1`);
    }
  }
}
