/** One episode while it happens: what was seen last, whether it goes on, and the steps so far. */
import {
  type Controller,
  clampTo,
  type EnvironmentSpec,
  type Episode,
  episodeOf,
  type Info,
  type Observation,
  type Step,
  type StepResult,
} from "../world/index.ts";

export interface Recording {
  /** What the next action answers to. */
  readonly observation: Observation;
  readonly ended: boolean;
  /** The action as it may be executed: clamped to the declared bounds. Throws Error where it is not finite. */
  admit(action: Float32Array): Float32Array;
  add(executed: Float32Array, chunkPlace: number, result: StepResult): void;
  episode(): Episode;
}

export interface Beginning {
  spec: EnvironmentSpec;
  seed: number;
  actor: { readonly name: string; readonly controller: Controller };
  /** The environment's answer to `reset`. */
  first: { observation: Observation; info: Info };
}

export function startRecording({ spec, seed, actor, first }: Beginning): Recording {
  const steps: Step[] = [];
  let { observation, info } = first;
  let ended = false;
  return {
    get observation() {
      return observation;
    },
    get ended() {
      return ended;
    },
    admit(action) {
      const { names } = spec.action;
      const broken = names.findIndex((_, i) => !Number.isFinite(action[i]));
      if (broken >= 0 || action.length !== names.length) {
        throw new Error(
          `${actor.name} in ${spec.name}, seed ${seed}, step ${steps.length}: action [${action.join(", ")}], ` +
            `expected ${names.length} finite numbers (${names.join(", ")})`,
        );
      }
      return clampTo(spec.action, action);
    },
    add(executed, chunkPlace, { terminated, truncated, reward, ...next }) {
      const { controller } = actor;
      const time = steps.length / spec.controlRate;
      steps.push({ observation, action: executed, controller, chunkPlace, reward, terminated, truncated, time });
      ended = terminated || truncated;
      ({ observation, info } = next);
    },
    episode: () => episodeOf({ spec, seed, actor: actor.name, info }, steps),
  };
}
