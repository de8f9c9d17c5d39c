/**
 * Whether state and action are in step. The observation of row t was taken before the action of row t, which moves the
 * world on to row t + 1; so a change of the observation o[t+1] - o[t] belongs to the action of row t: lag 0. A world that
 * answers late has lag 1 or more. No world answers before it is asked: a negative lag means that actions were recorded
 * later than they were executed, or observations were taken after the action they are stored with.
 *
 * For every action dimension its level a[t] (it drives a speed) and its change a[t] - a[t-1] (it is a position or an angle
 * that something follows) are correlated with the change of every observed dimension at lags -3 to 3. A dimension that the
 * action drives shows as a correlation of at least 0.8 with its peak at a lag of 0 or more. Experts make correlations at
 * negative lags, too, because they react to what they see; what they react to they counteract, so those are negative. So a
 * warning needs: a positive correlation of at least 0.8 that peaks at a negative lag, and none that speaks for 0 or more.
 */
import { lengthOf, spanOf } from "../dataset.ts";
import { aboutAll, type Finding, type Recorded, show } from "./finding.ts";

const REACH = 3;
const LAGS = Array.from({ length: 2 * REACH + 1 }, (_, i) => i - REACH);
/** A weaker correlation decides nothing. */
const STRONG = 0.8;
/** A correlation for a lag of 0 or more counts unless it is weaker than the one against it by this. */
const MARGIN = 0.1;
/** A lag of 1 is usual: a controller that follows takes a period to get going. */
const USUAL = 1;
/** Steps that are looked at, from episodes spread over the dataset. */
const MOST_STEPS = 20_000;

export interface Lag {
  readonly name: string;
  /** What it was found with: the observed column, and whether the action's level or its change. */
  readonly with: string;
  readonly kind: "level" | "change";
  readonly lag: number;
  readonly correlation: number;
}

/** Action dimensions whose effect shows elsewhere than it should: before the action (warning), or late (info). */
export function findDelay(data: Recorded): Finding[] {
  return lagsOf(data).flatMap(({ name, with: observed, kind, lag, correlation }): Finding[] => {
    const words = `the ${kind} of ${name} goes with the change of ${observed} (correlation ${show(correlation)})`;
    const about = { check: "delay", name: `action.${name}`, value: lag } as const;
    if (lag < 0) {
      const message = `${words} ${count(-lag)} before the action: actions are recorded too late, or observations too early`;
      return [aboutAll(data, { ...about, severity: "warning", message })];
    }
    if (lag <= USUAL) return [];
    const message = `${words} ${count(lag)} (${show(lag / data.controlRate)} s) after the action: the world answers late, or actions are recorded too early`;
    return [aboutAll(data, { ...about, severity: "info", message })];
  });
}

const count = (steps: number): string => `${steps}${steps === REACH ? " or more" : ""} step${steps === 1 ? "" : "s"}`;

/** The lag of each action dimension for which one can be told. Values must be finite. */
export function lagsOf(data: Recorded): Lag[] {
  const rows = rowsToCompare(data);
  if (rows.length < 2 * REACH) return [];
  const { observation, action } = data;
  const [size, width] = [observation.names.length, action.names.length];
  const value = (row: number, column: number) => action.values[row * width + column];
  const signals = action.names.flatMap((name, column) => [
    { name, kind: "level" as const, signal: standard(rows, (row) => value(row, column)) },
    { name, kind: "change" as const, signal: standard(rows, (row) => value(row, column) - value(row - 1, column)) },
  ]);
  const peaks = observation.names.flatMap((observed, column) => {
    const changes = LAGS.map((lag) =>
      standard(rows, (row) => {
        const at = (row + lag) * size + column;
        return observation.values[at + size] - observation.values[at];
      }),
    );
    return signals.map(({ name, kind, signal }): Lag => {
      const found = changes.map((change) => dot(signal, change));
      const best = found.reduce((most, each, i) => (Math.abs(each) > Math.abs(found[most]) ? i : most), 0);
      return { name, with: observed, kind, lag: LAGS[best], correlation: found[best] };
    });
  });
  const strong = peaks.filter(({ correlation }) => Math.abs(correlation) >= STRONG);
  return action.names.flatMap((name) => decide(strong.filter((peak) => peak.name === name)));
}

function decide(peaks: readonly Lag[]): Lag[] {
  const strongest = (some: readonly Lag[]) =>
    some.reduce<Lag | null>(
      (best, one) => (best && Math.abs(best.correlation) >= Math.abs(one.correlation) ? best : one),
      null,
    );
  const caused = strongest(peaks.filter(({ lag }) => lag >= 0));
  const early = strongest(peaks.filter(({ lag, correlation }) => lag < 0 && correlation > 0));
  if (early && (!caused || Math.abs(caused.correlation) < early.correlation - MARGIN)) return [early];
  return caused ? [caused] : [];
}

/** Rows with all lags within their episode. */
function rowsToCompare({ episodeEnds }: Recorded): Int32Array {
  const every = Math.max(1, Math.ceil(lengthOf({ episodeEnds }) / MOST_STEPS));
  const rows: number[] = [];
  for (let episode = 0; episode < episodeEnds.length; episode += every) {
    const { start, end } = spanOf(episodeEnds, episode);
    for (let row = start + REACH; row < Math.min(end - REACH - 1, start + MOST_STEPS); row++) rows.push(row);
  }
  return Int32Array.from(rows);
}

/** Mean 0 and squares that add up to 1, so that a product is a correlation; all zeros where nothing varies. */
function standard(rows: Int32Array, value: (row: number) => number): Float64Array {
  const values = Float64Array.from(rows, value);
  const mean = values.reduce((sum, each) => sum + each, 0) / values.length;
  let squares = 0;
  for (let i = 0; i < values.length; i++) {
    values[i] -= mean;
    squares += values[i] ** 2;
  }
  const norm = Math.sqrt(squares);
  return norm <= 1e-9 * Math.abs(mean) * Math.sqrt(values.length) ? values.fill(0) : values.map((each) => each / norm);
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}
