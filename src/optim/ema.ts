import { InputError } from "../base/index.ts";

/**
 * Exponential moving average of the parameters: after every update, average ← d·average + (1 - d)·parameter. What is
 * evaluated and exported is the average; the optimizer always continues from the parameters themselves.
 *
 * `power` (diffusion_policy, ALGORITHMS.md 4.7): d = clip(1 - (1 + s/inverseGamma)^-power, minimum, maximum) with
 * s = update - updateAfter - 1, and d = 0 (the average is the parameter) while s ≤ 0. `update` is the 0-based number of
 * the update: the counter is read before it is incremented, as diffusion_policy and diffusers 0.11 do (today's diffusers
 * increments first and is one update ahead).
 */
export type EmaRecipe =
  | {
      readonly kind: "power";
      readonly power: number;
      readonly inverseGamma: number;
      readonly minimum: number;
      readonly maximum: number;
      readonly updateAfter: number;
    }
  | { readonly kind: "constant"; readonly decay: number };

/** diffusion_policy's values. Reaches 0.999 after about 10⁴ updates: shorter runs want a smaller power, or a constant. */
export const powerEma = {
  kind: "power",
  power: 0.75,
  inverseGamma: 1,
  minimum: 0,
  maximum: 0.9999,
  updateAfter: 0,
} as const satisfies EmaRecipe;

/** The weight d of the old average in update number `update` (0-based), in float64. */
export function emaDecay(ema: EmaRecipe, update: number): number {
  if (ema.kind === "constant") return ema.decay;
  const s = update - ema.updateAfter - 1;
  if (s <= 0) return 0;
  return Math.min(ema.maximum, Math.max(ema.minimum, 1 - (1 + s / ema.inverseGamma) ** -ema.power));
}

/** Throws an InputError that names the field under `where` if the recipe (from a file, say) is out of range. */
export function checkEma(ema: EmaRecipe, where: string): void {
  const between = (field: string, value: number, low: number, high: number) => {
    if (typeof value !== "number" || !(value >= low && value <= high)) {
      throw new InputError(
        `${where}.${field}: found ${JSON.stringify(value)}, expected a number from ${low} to ${high}`,
      );
    }
  };
  if (ema?.kind === "constant") {
    between("decay", ema.decay, 0, 1);
  } else if (ema?.kind === "power") {
    between("power", ema.power, 0, 10);
    between("inverseGamma", ema.inverseGamma, 1e-9, 1e9);
    between("minimum", ema.minimum, 0, 1);
    between("maximum", ema.maximum, ema.minimum, 1);
    between("updateAfter", ema.updateAfter, 0, Number.MAX_SAFE_INTEGER);
  } else {
    throw new InputError(
      `${where}.kind: found ${JSON.stringify((ema as EmaRecipe | null)?.kind)}, expected power, constant`,
    );
  }
}
