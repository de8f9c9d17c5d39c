/** Chunks that a policy draws at moments of its own episodes, over the scene. */
import { type Execution, rolloutMany } from "../../rollouts/index.ts";
import { type Actor, type BatchActor, clampTo, type Environment, type Episode } from "../../world/index.ts";
import type { LegendEntry, Picture } from "../picture.ts";
import { sampleChunks } from "./chunks.ts";
import { drawMultiples, titleOf } from "./multiples.ts";
import { asWorld, historyAt, replay } from "./replay.ts";
import { type Stage, stageOf } from "./stage.ts";

export interface ScenesRequest {
  readonly makeEnvironment: () => Environment;
  readonly actor: BatchActor;
  /** One scene each; the later ones show later moments of their episodes. */
  readonly seeds: readonly number[];
  /** Chunks per scene; default 30. */
  readonly samples?: number;
  /** What each of these experts would do from the same moment on is drawn beside, where the environment is a World. */
  readonly experts?: readonly ((environment: Environment) => Actor)[];
  /** How the policy drives to the moment; default: receding horizon. */
  readonly execution?: Execution;
  /** The share of its episode at which each scene is taken; default from 0 to 0.6, evenly. */
  readonly moments?: readonly number[];
}

/** The policy drives each seed's episode; at one moment of it, `samples` chunks are drawn from the same history. */
export async function scenesOf(request: ScenesRequest): Promise<Picture[]> {
  const { makeEnvironment, actor, seeds, execution } = request;
  const episodes = await rolloutMany(makeEnvironment, actor, seeds, { execution });
  const pictures: Picture[] = [];
  for (const [i, episode] of episodes.entries()) {
    const share = request.moments?.[i] ?? (seeds.length > 1 ? (0.6 * i) / (seeds.length - 1) : 0);
    pictures.push(await sceneAt(request, episode, share));
  }
  return pictures;
}

async function sceneAt(request: ScenesRequest, episode: Episode, share: number): Promise<Picture> {
  const { makeEnvironment, actor, samples = 30, experts = [] } = request;
  const { observationHorizon, predictionHorizon, actionHorizon } = actor.horizons;
  // A moment at which the policy planned.
  const step = Math.floor((share * (episode.length - 1)) / actionHorizon) * actionHorizon;
  const history = historyAt(episode, step, observationHorizon);
  const drawn = await sampleChunks(actor, history, samples, episode.seed);
  // As those of a policy that draws nothing.
  const isSure = drawn.every((chunk) => chunk.every((value, i) => value === drawn[0][i]));
  const chunks = isSure ? drawn.slice(0, 1) : drawn;
  const world = asWorld(makeEnvironment());
  if (world) replay(world, episode, step);
  const stage = world && stageOf(world);
  const ahead = predictionHorizon - observationHorizon + 1;
  const shown: Float32Array[] = [];
  for (const make of world ? experts : []) {
    shown.push(await expertChunk(makeEnvironment(), make, { episode, step, ahead }));
  }
  const seconds = step / episode.spec.controlRate;
  const moment = `Seed ${episode.seed}, ${seconds.toFixed(1)} s into the episode`;
  const horizon = `${(ahead / episode.spec.controlRate).toFixed(1)} s`;
  const caption = `${moment}: ${samples} chunks drawn for the next ${horizon}${isSure ? ", all the same" : ""}${
    stage ? "; paler with time" : ""
  }.`;
  return {
    ...drawChunks(stage, episode, chunks, shown),
    caption: stage?.remark ? `${caption} ${stage.remark}` : caption,
  };
}

/** What an expert does in `ahead` steps from a step of an episode on, [N, Da]; fewer where the episode ends. */
async function expertChunk(
  environment: Environment,
  make: (environment: Environment) => Actor,
  { episode, step, ahead }: { episode: Episode; step: number; ahead: number },
): Promise<Float32Array> {
  const world = asWorld(environment);
  if (!world) throw new Error(`${episode.spec.name}: experts are asked in a World, found an environment that is none`);
  const expert = make(world);
  expert.reset(episode.seed);
  let observation = replay(world, episode, step);
  const actions: number[] = [];
  for (let i = 0; i < ahead; i++) {
    const action = clampTo(world.spec.action, await expert.act(observation));
    actions.push(...action);
    const result = world.step(action);
    if (result.terminated || result.truncated) break;
    ({ observation } = result);
  }
  return Float32Array.from(actions);
}

function drawChunks(
  stage: Stage | null,
  episode: Episode,
  chunks: readonly Float32Array[],
  shown: readonly Float32Array[],
): Omit<Picture, "caption"> {
  const legend: LegendEntry[] = [
    { colour: "policy", label: "planned by the policy" },
    ...(shown.length > 0
      ? [
          {
            colour: "demonstrated",
            label: shown.length > 1 ? "what experts would do" : "what the expert would do",
          } as const,
        ]
      : []),
  ];
  if (stage) {
    const ways = {
      sampled: chunks.map((chunk) => stage.wayOf(chunk)),
      demonstrated: shown.map((chunk) => stage.wayOf(chunk)),
    };
    return {
      drawing: stage.draw(ways, "scene", `sampled chunks, seed ${episode.seed}`),
      legend,
      size: stage.sizes.scene,
    };
  }
  const { names, units } = episode.spec.action;
  const line = (chunk: Float32Array, i: number) =>
    Array.from({ length: chunk.length / names.length }, (_, step) => ({
      x: step / episode.spec.controlRate,
      y: chunk[step * names.length + i],
    }));
  const charts = names.map((name, i) => ({
    title: titleOf(name, units[i]),
    lines: [
      ...shown.map((chunk) => ({ points: line(chunk, i), colour: "demonstrated" as const })),
      ...chunks.map((chunk) => ({ points: line(chunk, i), colour: "policy" as const, opacity: 0.45 })),
    ],
  }));
  return { drawing: drawMultiples(charts, "time (s)"), legend, size: "full" };
}
