/** What the threads do that act in worlds: each export makes the work of one kind from its setup (src/workers). */
import { setImmediate } from "node:timers/promises";
import { evaluate, type SeedResult, seedResult } from "../evaluation/index.ts";
import { openPolicy } from "../policies/index.ts";
import { type Execution, rollout, rolloutForOutcome } from "../rollouts/index.ts";
import { nodeRuntime } from "../runtime/node.ts";
import { mixedExpert, type Task } from "../tasks/index.ts";
import { loadTask } from "../tasks/node.ts";
import type { Work } from "../workers/index.ts";
import { type Episode, observationSize } from "../world/index.ts";
import { columnsOf, lookingAt } from "./fit.ts";

/** A task by its name or its module's path; as a value only where no other thread is asked. */
export type TaskReference = string | Task;

export const taskOf = (reference: TaskReference): Promise<Task> | Task =>
  typeof reference === "string" ? loadTask(reference) : reference;

/** The seeds of one thread; each finished episode is reported. */
export type Share = readonly number[];

export interface PolicySetup {
  readonly task: TaskReference;
  /** The bytes of the file, and what it is called in messages. */
  readonly policy: Uint8Array;
  readonly where: string;
  readonly threads: number;
  readonly together: number;
  readonly execution: Execution;
}

export async function playPolicy(setup: PolicySetup): Promise<Work<Share, readonly SeedResult[]>> {
  const { makeEnvironment } = await taskOf(setup.task);
  const actor = await openPolicy(nodeRuntime({ threads: setup.threads }), setup.policy, setup.where);
  const { spec } = makeEnvironment();
  const columns = columnsOf(actor.metadata, spec, setup.where);
  const planner = lookingAt(actor, columns, observationSize(spec.observation));
  const { together, execution } = setup;
  return {
    async run(seeds, { report, signal }) {
      const onProgress = () => {
        signal.throwIfAborted();
        report(1);
      };
      return (await evaluate({ makeEnvironment, planner, seeds, together, execution, onProgress })).perSeed;
    },
    close: () => actor.close(),
  };
}

export interface ExpertSetup {
  readonly task: TaskReference;
  readonly experts: readonly string[];
}

export async function playExpert({ task: reference, experts }: ExpertSetup): Promise<Work<Share, SeedResult[]>> {
  const task = await taskOf(reference);
  const environment = task.makeEnvironment();
  const expert = mixedExpert(task, experts, environment);
  return {
    async run(seeds, { report, signal }) {
      const results: SeedResult[] = [];
      for (const seed of seeds) {
        results.push(seedResult(await rolloutForOutcome(environment, expert, { seed })));
        report(1);
        // A simulated world and its expert never wait, and the rest of the process must get its turn.
        await setImmediate();
        signal.throwIfAborted();
      }
      return results;
    },
  };
}

/** An episode as it goes from thread to thread: its spec is known on both sides. */
export type Demonstration = Omit<Episode, "spec">;

/** Demonstrates the episode of one seed after another. */
export async function demonstrate({ task: reference, experts }: ExpertSetup): Promise<Work<number, Demonstration>> {
  const task = await taskOf(reference);
  const environment = task.makeEnvironment();
  const expert = mixedExpert(task, experts, environment);
  return {
    async run(seed) {
      const { spec, ...demonstration } = await rollout(environment, expert, { seed });
      await setImmediate();
      return demonstration;
    },
  };
}
