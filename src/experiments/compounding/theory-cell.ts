/** One cell of the small worlds: a method's policies for all training seeds, how they err, and how their cost grows. */
import type { PolicyActor } from "../../policies/index.ts";
import type { WorkContext } from "../../workers/index.ts";
import type { CellRows } from "../cells.ts";
import { learn } from "./learn.ts";
import { type Answers, answersOf, costOf, costSeeds, measuredSeeds, openFor, rateOf } from "./measure.ts";
import { type Method, SMALL_WORLDS, type TheoryCell, type WorldName } from "./settings.ts";
import { type CostPoint, chainCost, driftCost, slopeOf, slopeOfForm, slopeOverSeeds } from "./theory.ts";

/** Rows of kind "policy", one per seed; "cost", one per seed and length; "slope", one per seed and one over all of them. */
export async function runTheoryCell(cell: TheoryCell, context: WorkContext): Promise<CellRows> {
  const { world, method, seeds, lengths } = cell;
  const rows = [];
  const slopes = [];
  const forms = [];
  for (const seed of seeds) {
    const measured = await runSeed(cell, seed, context);
    const slope = slopeOf(measured.points);
    const form = slopeOfForm((steps) => measured.form(steps).mean, lengths);
    rows.push({ kind: "policy", world, method, seed, ...measured.facts });
    for (const { steps, cost } of measured.points) {
      rows.push({
        kind: "cost",
        world,
        method,
        seed,
        steps,
        cost: { ...cost },
        closedForm: { ...measured.form(steps) },
      });
    }
    rows.push({ kind: "slope", world, method, seed, slope: { ...slope }, closedForm: form });
    slopes.push(slope);
    forms.push(form);
  }
  const closedForm = forms.reduce((sum, form) => sum + form, 0) / forms.length;
  return [...rows, { kind: "slope", world, method, seed: "all", slope: { ...slopeOverSeeds(slopes) }, closedForm }];
}

async function runSeed(cell: TheoryCell, seed: number, { report, signal }: WorkContext) {
  const { world, lengths, episodes, demonstrations } = cell;
  const policy = await learn(cell, seed, signal);
  report({ seed, stage: "learned" });
  const planner = await openFor(policy, episodes);
  try {
    const { facts, form } = await errorsOf(cell, seed, { planner, signal });
    report({ seed, stage: "measured" });
    const points: CostPoint[] = [];
    for (const [i, steps] of lengths.entries()) {
      const cost = await costOf(planner, { world, seeds: costSeeds(cell, seed, i), steps, signal });
      points.push({ steps, cost });
      report({ seed, stage: "cost", steps });
    }
    const labels = demonstrations * Math.max(...lengths);
    return { facts: { labels, ...facts }, form, points };
  } finally {
    await planner.close();
  }
}

/** A closed form, and what it is where the counted errors are at the ends of their intervals. */
type Form = (steps: number) => { readonly mean: number; readonly low: number; readonly high: number };

/**
 * What the closed forms need, counted in episodes of their own: BC errs on the expert's states, DAgger on those that it leads
 * to itself; how it comes back is asked where it goes itself.
 */
async function errorsOf(
  cell: TheoryCell,
  seed: number,
  { planner, signal }: { planner: PolicyActor; signal: AbortSignal },
): Promise<{ facts: CellRows[number]; form: Form }> {
  const { world, method, lengths } = cell;
  const place = { world, seeds: measuredSeeds(cell, seed), steps: Math.max(...lengths), signal };
  const own = await answersOf(planner, "policy", place);
  const taught = method === "dagger" ? own : await answersOf(planner, "expert", place);
  return world === "drift" ? driftErrors(method, own, taught) : chainErrors(method, own, taught, world);
}

/** DAgger's form is its error times the steps; how much it undoes of what it never meets is not asked. */
function driftErrors(method: Method, own: Answers, taught: Answers) {
  const error = taught.on.errors / taught.on.asked;
  const correction = method === "dagger" ? null : -own.slope;
  const form = (steps: number) => {
    const mean = driftCost({ bias: error, correction: correction ?? 1 }, steps);
    return { mean, low: mean, high: mean };
  };
  return { facts: { error, ownError: own.on.errors / own.on.asked, correction }, form };
}

function chainErrors(method: Method, own: Answers, taught: Answers, world: WorldName) {
  const { wayBack } = SMALL_WORLDS[world];
  const all = { asked: own.on.asked + own.off.asked, errors: own.on.errors + own.off.errors };
  const recovery = rateOf({ asked: own.off.asked, errors: own.off.asked - own.off.errors });
  // a wrong turn off the track counts where a right one would have led back
  const error = rateOf(method === "dagger" && wayBack ? all : taught.on);
  const back = (rate: number) => (wayBack ? rate : 0);
  const form = (steps: number) => ({
    mean: chainCost({ error: error.rate, recovery: back(recovery.rate) }, steps),
    low: chainCost({ error: error.low, recovery: back(recovery.high) }, steps),
    high: chainCost({ error: error.high, recovery: back(recovery.low) }, steps),
  });
  return { facts: { error: { ...error }, ownError: { ...rateOf(all) }, recovery: { ...recovery } }, form };
}
