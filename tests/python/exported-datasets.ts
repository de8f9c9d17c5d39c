/** Dataset exports for tests/python/exported_datasets.py, beside what they hold. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createDataset, type Dataset, lengthOf } from "../../src/datasets/index.ts";
import { writeLeRobot, writeRobomimic } from "../../src/datasets/node.ts";

/** Three episodes of 4, 3 and 70 steps, with an array of one number, and a rate that is no whole number. */
function dataset(): Dataset {
  const names = ["pose.x", "pose.y", "lidar.0", "lidar.1", "lidar.2", "speed"];
  const steps = 77;
  return createDataset({
    task: "drive über 1/2",
    observation: {
      names,
      units: ["m", "m", "m", "m", "m", "m/s"],
      values: Float32Array.from({ length: steps * names.length }, (_, i) => Math.sin(i * i) * 10 ** (i % 5)),
    },
    action: { names: ["a", "b"], units: ["1", "1"], values: Float32Array.from({ length: steps * 2 }, (_, i) => i / 8) },
    episodeEnds: Int32Array.of(4, 7, 77),
    controlRate: 12.5,
    provenance: { format: "made", source: "tests/python/exported-datasets.ts", actors: ["nobody"], notes: [] },
  });
}

/** The rows of the columns whose names `isWanted`. */
function rows(
  { episodeEnds, observation: { names, values } }: Dataset,
  isWanted: (name: string) => boolean,
): number[][] {
  const columns = [...names.keys()].filter((column) => isWanted(names[column]));
  return Array.from({ length: lengthOf({ episodeEnds }) }, (_, row) =>
    columns.map((column) => values[row * names.length + column]),
  );
}

/** Writes dataset.hdf5 and dataset.lerobot into `folder`, with a JSON file for each. */
export async function writeExportedDatasets(folder: string): Promise<void> {
  const data = dataset();
  const { task, controlRate: rate, action } = data;
  const actions = Array.from({ length: lengthOf(data) }, (_, row) => [...action.values.subarray(row * 2, row * 2 + 2)]);
  const expected = (observation: Record<string, number[][]>) =>
    JSON.stringify({ task, rate, ends: [...data.episodeEnds], observation, action: actions });
  const part = (...arrays: string[]) => rows(data, (name) => arrays.includes(name.split(".")[0]));
  await writeRobomimic(data, join(folder, "dataset.hdf5"));
  const arrays = { pose: part("pose"), lidar: part("lidar"), speed: part("speed") };
  writeFileSync(join(folder, "dataset.hdf5.json"), expected(arrays));
  await writeLeRobot(data, join(folder, "dataset.lerobot"), { environment: ["lidar"], fileMegabytes: 1e-3 });
  const features = { state: part("pose", "speed"), environment_state: part("lidar") };
  writeFileSync(join(folder, "dataset.lerobot.json"), expected(features));
}
