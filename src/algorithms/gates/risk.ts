/**
 * Risk: how unlikely it is that the policy succeeds from here (ThriftyDAgger, Hoque et al. 2021; ALGORITHMS.md 7.1). Two
 * networks estimate the discounted probability of success Q(s, a) from recorded steps; the risk is 1 - the lesser of them.
 */
import type { Leaves } from "../../base/index.ts";
import { type Layer, mlp, named, parametersOf } from "../../nn/index.ts";
import type { PolicySpec } from "../../policies/index.ts";
import type { Runtime } from "../../runtime/index.ts";
import { add, gather, mean, minimum, mul, sigmoid, square, sub, type Tensor } from "../../tensor/index.ts";
import type { Problem } from "../../training/index.ts";
import { columnOf, featureSizes, featuresOf, type NetworkTraining, openActionScore, trainNetwork } from "./networks.ts";
import type { OpenScore } from "./score.ts";

/** How an episode ended; "open": by the clock or from outside, so that nothing is known of what would have come. */
export type Ending = "success" | "failure" | "open";

/** N recorded steps of E episodes, one after another, in the task's units. */
export interface Experience {
  /** `[N, To, Do]`, oldest first. */
  readonly histories: Float32Array;
  /** `[N, Da]`: what was executed, whoever did it, and what the policy would do there. */
  readonly actions: Float32Array;
  readonly policyActions: Float32Array;
  /** `[E]`: the row after each episode's last, and how it ended. */
  readonly episodeEnds: Int32Array;
  readonly endings: readonly Ending[];
}

export interface RiskOptions extends NetworkTraining {
  /** γ, by which success counts less for every step that it is away; default 0.9999. */
  readonly discount?: number;
  /** Least share of the examples that are a last step before success; default 0.1. */
  readonly successShare?: number;
}

export interface RiskModel {
  readonly spec: PolicySpec;
  readonly parameters: Leaves<Float32Array>;
  readonly hidden: readonly number[];
}

const HIDDEN = [256, 256];
/** Of the target networks in every update: the paper's 0.995 in every second. */
const TARGETS = { kind: "constant", decay: 0.9975 } as const;

/** Throws RangeError where the arrays are not of one number of steps, and where no step can be learned from. */
export async function trainRisk(spec: PolicySpec, experience: Experience, options: RiskOptions): Promise<RiskModel> {
  const { hidden = HIDDEN, discount = 0.9999, successShare = 0.1 } = options;
  const problem = riskProblem(spec, experience, { hidden, discount, successShare });
  return { spec, parameters: await trainNetwork(problem, options, TARGETS), hidden };
}

type RiskSettings = Required<Pick<RiskOptions, "hidden" | "discount" | "successShare">>;

/** (Q(s, a) - y)² of both networks, with y = r + γ · min Q̄(s', the policy's action there), or r where the episode ends. */
export function riskProblem(
  spec: PolicySpec,
  { histories, actions, policyActions, episodeEnds, endings }: Experience,
  { hidden, discount, successShare }: RiskSettings,
): Problem {
  if (endings.length !== episodeEnds.length) {
    throw new RangeError(`risk: found ${endings.length} endings, expected ${episodeEnds.length}`);
  }
  const count = episodeEnds[episodeEnds.length - 1];
  const network = twins(spec, hidden);
  const [next, goesOn, succeeds] = [new Int32Array(count), new Float32Array(count).fill(1), new Float32Array(count)];
  const [others, successes]: [number[], number[]] = [[], []];
  endings.forEach((ending, episode) => {
    const [start, end] = [episode === 0 ? 0 : episodeEnds[episode - 1], episodeEnds[episode]];
    for (let row = start; row < end; row++) next[row] = Math.min(row + 1, end - 1);
    goesOn[end - 1] = 0;
    succeeds[end - 1] = ending === "success" ? 1 : 0;
    for (let row = start; row < (ending === "open" ? end - 1 : end); row++)
      (succeeds[row] ? successes : others).push(row);
  });
  const draws = withShare(others, successes, successShare);
  if (draws.length === 0) throw new RangeError("risk: found no step with a known outcome, expected at least one");
  const { observation, action, horizons } = spec;
  const numbers = (name: string, data: Float32Array) => columnOf(name, data, count, [1]);
  return {
    parameters: network.parameters,
    exampleCount: draws.length,
    columns: {
      histories: columnOf("histories", histories, count, [horizons.observationHorizon, observation.names.length]),
      actions: columnOf("actions", actions, count, [action.names.length]),
      policyActions: columnOf("policyActions", policyActions, count, [action.names.length]),
      goesOn: numbers("goesOn", goesOn),
      succeeds: numbers("succeeds", succeeds),
      next: { shape: [count], dtype: "int32", data: next },
      rows: { shape: [draws.length], dtype: "int32", data: draws },
    },
    loss({ parameters, average, columns, examples }) {
      if (!average) throw new Error("risk: its targets need an optimizer that averages");
      const rows = gather(columns.rows, examples);
      const after = gather(columns.next, rows);
      const at = (states: Tensor, taken: Tensor) =>
        featuresOf(spec, gather(columns.histories, states), gather(taken, states));
      const ahead = network.apply(average, at(after, columns.policyActions));
      const later = mul(discount, mul(gather(columns.goesOn, rows), minimum(ahead[0], ahead[1])));
      const target = add(gather(columns.succeeds, rows), later);
      const found = network.apply(parameters, at(rows, columns.actions));
      return add(mean(square(sub(found[0], target))), mean(square(sub(found[1], target))));
    },
  };
}

/** All rows, those of successes repeated in turn until they are a share of at least so much. */
function withShare(others: readonly number[], successes: readonly number[], share: number): Int32Array {
  if (!(share >= 0 && share < 1))
    throw new RangeError(`successShare: found ${share}, expected a number from 0, below 1`);
  const wanted = Math.max(successes.length, Math.ceil((share / (1 - share)) * others.length));
  const repeated = successes.length === 0 ? 0 : wanted;
  return Int32Array.from([...others, ...Array.from({ length: repeated }, (_, i) => successes[i % successes.length])]);
}

/** Two networks on the same features `[B, F]`, each to probabilities `[B, 1]`. */
function twins(spec: PolicySpec, hidden: readonly number[]): Layer<Tensor, readonly Tensor[]> {
  const sizes = [featureSizes(spec).both, ...hidden, 1];
  const both = ["0", "1"].map((name) => named(name, mlp({ sizes, activation: "relu" })));
  return {
    parameters: parametersOf(both),
    apply: (parameters, x) => both.map((network) => sigmoid(network.apply(parameters, x))),
  };
}

/** Reads `risk`, 1 - Q of what the policy is about to do. */
export async function thriftyRisk(
  runtime: Runtime,
  { spec, parameters, hidden }: RiskModel,
  { batch }: { batch?: number } = {},
): Promise<OpenScore> {
  const likelyFailure = ([first, second]: readonly Tensor[]) => sub(1, minimum(first, second));
  const names = { name: "thrifty-risk", reading: "risk", batch };
  return openActionScore(runtime, { spec, parameters }, twins(spec, hidden), likelyFailure, names);
}
