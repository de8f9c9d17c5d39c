/** A store of ours as it was recorded, for verification: values may be anything, time stamps and bounds are kept. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { InputError, unusable } from "../../base/index.ts";
import { observationNames, packObservation } from "../../world/index.ts";
import { decodeEpisode } from "../store/episode-file.ts";
import type { StoredEpisode } from "../store/record.ts";
import { EPISODES, openStore } from "../store/store.ts";
import type { Recorded } from "./finding.ts";

/**
 * The episodes of the store at `path` that are not deleted, interrupted ones up to their last whole step. Throws InputError
 * for damage that leaves nothing to verify, and where no episode has a step.
 */
export async function readRecordedStore(path: string): Promise<Recorded> {
  const { spec, provenance, episodeIds } = await openStore(path);
  const episodes: StoredEpisode[] = [];
  const files: string[] = [];
  const empty: string[] = [];
  for (const id of episodeIds()) {
    const file = join(path, EPISODES, `${id}.mcap`);
    const bytes = await readFile(file).catch((error) => Promise.reject(unusable(file, "read", error)));
    const episode = decodeEpisode(bytes, { file, id, spec, anyValues: true });
    if (!episode || episode.steps.length === 0) {
      empty.push(file);
      continue;
    }
    episodes.push(episode);
    files.push(file);
  }
  if (episodes.length === 0) throw new InputError(`${path}: found no episode with a step, expected at least one`);
  const steps = episodes.flatMap((episode) => episode.steps);
  const names = observationNames(spec.observation);
  const width = spec.action.names.length;
  const observation = new Float32Array(steps.length * names.length);
  const action = new Float32Array(steps.length * width);
  steps.forEach((step, row) => {
    packObservation(spec.observation, step.observation, observation, row * names.length);
    action.set(step.action, row * width);
  });
  let end = 0;
  return {
    task: spec.name,
    observation: {
      names,
      units: Object.values(spec.observation).flatMap(({ units }) => units),
      values: observation,
    },
    action: { names: spec.action.names, units: spec.action.units, values: action },
    episodeEnds: Int32Array.from(episodes, (episode) => (end += episode.steps.length)),
    controlRate: spec.controlRate,
    provenance: {
      format: "apprentice store",
      source: path,
      actors: [...new Set(episodes.flatMap(({ actors }) => actors))],
      notes: provenance.notes,
    },
    files,
    time: Float64Array.from(steps, ({ time }) => time),
    actionBounds: { low: spec.action.low, high: spec.action.high },
    interrupted: episodes.flatMap(({ endInfo, droppedBytes }, episode) =>
      endInfo === null ? [{ episode, droppedBytes }] : [],
    ),
    empty,
  };
}
