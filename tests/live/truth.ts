/** What must hold of any episode a session told of, worked out anew from its seed or snapshot, its actions and its observations. */
import { expect } from "vitest";
import { foldIn, randomStream } from "../../src/base/index.ts";
import type { LivePolicy } from "../../src/rollouts/index.ts";
import {
  actorKey,
  type BatchActor,
  clampTo,
  type EnvironmentSpec,
  type Horizons,
  type Observation,
  packObservation,
  type Snapshot,
  type World,
} from "../../src/world/index.ts";
import type { Told } from "./watching.ts";

/** A fresh world under the recorded actions sees, earns and ends as was told. */
export function expectReplays(world: World, { begun, steps, closed }: Told): void {
  const { snapshot } = begun.info;
  let { observation, info } =
    typeof snapshot === "string" ? world.restore(JSON.parse(snapshot) as Snapshot) : world.reset(begun.seed);
  const { forkedFrom, forkStep, snapshot: _, ...first } = begun.info;
  expect(first).toEqual(info);
  for (const [number, step] of steps.entries()) {
    expect(step.observation).toEqual(observation);
    expect(step.time).toBe(number / world.spec.controlRate);
    const result = world.step(step.action);
    const { reward, terminated, truncated } = result;
    expect([step.reward, step.terminated, step.truncated]).toEqual([reward, terminated, truncated]);
    expect(terminated || truncated).toBe(number === steps.length - 1 && closed?.ended);
    ({ observation, info } = result);
  }
  expect(closed?.steps).toBe(steps.length);
  expect(closed?.info).toEqual(info);
}

/** Plans that depend on all that a policy may look at, and on its version: any mistake in them shows in the actions. */
export function seeingPolicy(spec: EnvironmentSpec, horizons: Horizons, version: string, isLater = false): LivePolicy {
  const { names, low, high } = spec.action;
  const salt = [...version].reduce((sum, letter) => sum * 31 + letter.charCodeAt(0), 7);
  const planner: BatchActor = {
    name: `planner ${version}`,
    controller: "policy",
    horizons,
    async plan(histories, keys) {
      if (isLater) await new Promise((resolve) => setTimeout(resolve));
      const width = histories.length / keys.length;
      return Float32Array.from(
        keys.flatMap((key, row) => {
          const seen = histories
            .subarray(row * width, (row + 1) * width)
            .reduce((sum, value, i) => sum + value * (1 + (i % 7)), 0);
          const stream = randomStream(foldIn(key, salt));
          return Array.from({ length: horizons.predictionHorizon * names.length }, (_, i) => {
            const share = Math.abs(Math.sin(seen + salt)) / 2 + stream.uniform() / 2;
            return low[i % names.length] + share * (high[i % names.length] - low[i % names.length]);
          });
        }),
      );
    },
  };
  return { planner, version, gate: null };
}

/**
 * What the policy did, and proposed, is what it plans of what was seen up to the chunk's beginning, `before` included; chunks go
 * on where nothing came between, and begin anew where who drives or the policy changed, and where they are used up.
 */
export async function expectPlanned(
  spec: EnvironmentSpec,
  { begun, steps }: Told,
  before: readonly Observation[],
  policies: ReadonlyMap<string, LivePolicy>,
): Promise<void> {
  const seen = [...before, ...steps.map(({ observation }) => observation)];
  const size = spec.action.names.length;
  for (const [number, { controller, policyVersion, chunkPlace, action, proposed, label }] of steps.entries()) {
    if (controller === "expert") {
      expect(action).toEqual(label);
      continue;
    }
    const policy = policies.get(policyVersion ?? "");
    if (!policy) throw new Error(`step ${number} by a policy of version ${policyVersion}`);
    const { observationHorizon: To, actionHorizon: Ta } = policy.planner.horizons;
    const last = steps[number - 1];
    const goesOn = last?.controller === "policy" && last.policyVersion === policyVersion && last.chunkPlace + 1 < Ta;
    // A pause between two steps drops the chunk too, and is not recorded.
    expect(goesOn ? [0, last.chunkPlace + 1] : [0]).toContain(chunkPlace);
    const planned = before.length + number - chunkPlace;
    const history = new Float32Array(observed(spec) * To);
    for (let i = 0; i < To; i++) {
      packObservation(spec.observation, seen[Math.max(0, planned - To + 1 + i)], history, i * observed(spec));
    }
    const chunk = await policy.planner.plan(history, [foldIn(actorKey(begun.seed), number - chunkPlace)]);
    const at = (To - 1 + chunkPlace) * size;
    expect(action).toEqual(clampTo(spec.action, chunk.subarray(at, at + size)));
    expect(proposed).toEqual(action);
  }
}

const observed = ({ observation }: EnvironmentSpec) =>
  Object.values(observation).reduce((sum, { names }) => sum + names.length, 0);

/** What was seen before an episode that goes on from another: all that was seen there until then. */
export function seenBefore(episodes: ReadonlyMap<string, Told>, { begun }: Told): Observation[] {
  const { forkedFrom, forkStep } = begun.info;
  const parent = typeof forkedFrom === "string" ? episodes.get(forkedFrom) : undefined;
  if (!parent) return [];
  const steps = parent.steps.slice(0, Number(forkStep)).map(({ observation }) => observation);
  return [...seenBefore(episodes, parent), ...steps];
}
