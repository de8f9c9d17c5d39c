/** Policies as the session goes by them: a planner and its gate, over a file that was opened. */
import { type EnvironmentSpec, InputError, type LivePolicy } from "apprentice";
import type { OpenPolicy } from "./policy-client.ts";
import { createSampling, type Sampling } from "./sampling.ts";

/** A policy that a session may go by. */
export interface Driver {
  readonly live: LivePolicy;
  readonly sampling: Sampling;
  /** Frees it. */
  close(): void;
}

export function driverOf(policy: OpenPolicy): Driver {
  const { version, metadata } = policy;
  const sampling = createSampling(policy);
  const { head, horizons } = metadata;
  return {
    live: {
      version,
      gate: sampling.gate,
      planner: { name: head, controller: "policy", horizons, plan: (histories, keys) => policy.plan(histories, keys) },
    },
    sampling,
    close() {
      sampling.close();
      policy.close();
    },
  };
}

export function closePolicies(drivers: Map<unknown, Driver>): void {
  for (const driver of drivers.values()) driver.close();
  drivers.clear();
}

/** Throws an InputError where a policy is one of another task: sees or does something else, or at another pace. */
export function checkFits({ version, metadata }: OpenPolicy, spec: EnvironmentSpec): void {
  const seen = Object.entries(spec.observation).flatMap(([array, { names }]) =>
    names.map((name) => `${array}.${name}`),
  );
  const check = (what: string, found: readonly (string | number)[], expected: readonly (string | number)[]) => {
    if (found.length === expected.length && found.every((one, i) => one === expected[i])) return;
    const at = expected.findIndex((one, i) => one !== found[i]);
    const [had, wanted] = at < 0 ? [found[expected.length], "nothing"] : [found[at], expected[at]];
    throw new InputError(
      `policy ${version}: is one of task ${metadata.task}, and does not fit ${spec.name}: ${what}: found ${had ?? "nothing"}, expected ${wanted}`,
    );
  };
  check("observation", metadata.observation.names, seen);
  check("action", metadata.action.names, spec.action.names);
  check("control rate", [metadata.controlRate], [spec.controlRate]);
}
