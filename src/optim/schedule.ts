import { InputError } from "../base/index.ts";

/**
 * Learning rate as a function of the 0-based number k of the update. `rate` is the highest rate; `warmup` (w) and
 * `total` (N) count updates.
 *
 * - `constant`: rate.
 * - `linear-warmup`: rate·k/max(1, w) for k < w, then rate (diffusers' `constant_with_warmup`). With w > 0 the first
 *   update has rate 0.
 * - `cosine`: as diffusers (ALGORITHMS.md 1.5): rate·k/max(1, w) for k < w, then rate·½(1 + cos πp), p = (k - w)/(N - w).
 *   diffusers lets the rate rise again after N; here p is clamped at 1, so that it stays at 0.
 * - `cosine-to-final`: as openpi: linear from rate/(w + 1) at k = 0 to rate at k = w, then by half a cosine down to
 *   `final` at N, which it keeps.
 */
export type Schedule =
  | { readonly kind: "constant"; readonly rate: number }
  | { readonly kind: "linear-warmup"; readonly rate: number; readonly warmup: number }
  | { readonly kind: "cosine"; readonly rate: number; readonly warmup: number; readonly total: number }
  | {
      readonly kind: "cosine-to-final";
      readonly rate: number;
      readonly final: number;
      readonly warmup: number;
      readonly total: number;
    };

type ScheduleOf<K extends Schedule["kind"]> = Extract<Schedule, { kind: K }>;

/** ½(1 + cos πp): 1 at `warmup`, 0 at `total` and after it. */
function halfCosine({ warmup, total }: { warmup: number; total: number }, update: number): number {
  const progress = Math.min(1, (update - warmup) / Math.max(1, total - warmup));
  return Math.max(0, 0.5 * (1 + Math.cos(Math.PI * progress)));
}

const rates: { [K in Schedule["kind"]]: (schedule: ScheduleOf<K>, update: number) => number } = {
  constant: ({ rate }) => rate,
  "linear-warmup": ({ rate, warmup }, update) => (update < warmup ? (rate * update) / Math.max(1, warmup) : rate),
  cosine: (schedule, update) =>
    update < schedule.warmup
      ? (schedule.rate * update) / Math.max(1, schedule.warmup)
      : schedule.rate * halfCosine(schedule, update),
  "cosine-to-final": (schedule, update) => {
    const { rate, final, warmup } = schedule;
    const first = rate / (warmup + 1);
    return update < warmup
      ? first + ((rate - first) * update) / warmup
      : final + (rate - final) * halfCosine(schedule, update);
  },
};

const fields: { [K in Schedule["kind"]]: readonly Exclude<keyof ScheduleOf<K>, "kind">[] } = {
  constant: ["rate"],
  "linear-warmup": ["rate", "warmup"],
  cosine: ["rate", "warmup", "total"],
  "cosine-to-final": ["rate", "final", "warmup", "total"],
};

/** Learning rate of update number `update` (0-based integer of any size), in float64. */
export function learningRate(schedule: Schedule, update: number): number {
  // One table over all kinds; the compiler cannot see that the entry's kind is the schedule's.
  return (rates[schedule.kind] as (schedule: Schedule, update: number) => number)(schedule, update);
}

/** Throws an InputError that names the field under `where` if the schedule (from a file, say) is not one of the above. */
export function checkSchedule(schedule: Schedule, where: string): void {
  const wanted = fields[schedule?.kind];
  if (wanted === undefined) {
    throw new InputError(
      `${where}.kind: found ${JSON.stringify(schedule?.kind)}, expected ${Object.keys(fields).join(", ")}`,
    );
  }
  const values = schedule as unknown as Record<string, unknown>;
  for (const field of wanted) {
    const value = values[field];
    const counts = field === "warmup" || field === "total";
    if (typeof value !== "number" || !(value >= 0) || !Number.isFinite(value) || (counts && !Number.isInteger(value))) {
      const expected = counts ? "a whole number of updates, 0 or more" : "a learning rate, 0 or more";
      throw new InputError(`${where}.${field}: found ${JSON.stringify(value)}, expected ${expected}`);
    }
  }
}
