/** Who was in control, along an episode: where a strip's parts lie, and where control changed hands. */
import type { Controller, Strip } from "apprentice";

/** A run of steps under one controller; `from` and `width` as shares of the whole, 0 to 1. */
export interface StripPart {
  readonly controller: Controller;
  readonly first: number;
  readonly steps: number;
  readonly from: number;
  readonly width: number;
}

export interface HandOver {
  /** The first step under the new controller. */
  readonly step: number;
  readonly kind: "take-over" | "hand-back";
}

export function partsOf(strip: Strip): StripPart[] {
  const total = strip.reduce((sum, [, steps]) => sum + steps, 0);
  let first = 0;
  return strip.map(([controller, steps]) => {
    const part = { controller, first, steps, from: first / total, width: steps / total };
    first += steps;
    return part;
  });
}

/** Where control changed hands; an expert who drives from the first step has taken nothing over. */
export function handOvers(strip: Strip): HandOver[] {
  return partsOf(strip)
    .slice(1)
    .map(({ controller, first }) => ({ step: first, kind: controller === "expert" ? "take-over" : "hand-back" }));
}

/** Steps under each controller. */
export function drivenSteps(strip: Strip): Readonly<Record<Controller, number>> {
  const steps = { policy: 0, expert: 0 };
  for (const [controller, count] of strip) steps[controller] += count;
  return steps;
}

/** The strip in words, for those who do not see it. */
export function describeStrip(strip: Strip): string {
  const { policy, expert } = drivenSteps(strip);
  const total = policy + expert;
  if (total === 0) return "no steps";
  if (policy === 0) return "the expert drove all of it";
  if (expert === 0) return "the policy drove all of it";
  const parts = strip.filter(([controller]) => controller === "expert").length;
  const times = parts === 1 ? "once" : `${parts} times`;
  return `the policy drove ${Math.round((100 * policy) / total)} %; the expert was in control ${times}`;
}
