/** Writing robomimic HDF5 files (ECOSYSTEM.md 2.1; formats/robomimic.ts reads them). */
import type { Group as H5Group } from "h5wasm/node";
import { InputError } from "../../base/index.ts";
import { type Dataset, lengthOf } from "../dataset.ts";
import { describe } from "../formats/description.ts";
import { loadHdf5, silently } from "../formats/hdf5.ts";
import { DESCRIPTION_ATTRIBUTE, readRobomimic } from "../formats/robomimic.ts";
import { finish, unwritten } from "./finish.ts";
import { arrayOf, checkWritten, cut, episodesOf, type Group, groupColumns } from "./places.ts";

/** robomimic's number for Gym environments. */
const GYM = 2;

/**
 * Writes a dataset as a robomimic file at a new `path`: an episode is `data/demo_N`, the observation's arrays (what names
 * begin with, up to the first dot) are `obs/ARRAY` [T, k], all as float32. Actions stay in the task's units, which robomimic
 * trains on as they are (its own datasets have [-1, 1]). A `Dataset` has no rewards: `rewards` are zeros, `dones` 1 at the
 * end of each episode. `env_args` names the task and its control rate; what else we know of the columns is in an attribute
 * of our own, so that reading it back gives an equal dataset. The file is read back before it gets its name.
 *
 * Throws InputError for a name that HDF5 cannot have, a path that is taken, and what the file system refuses.
 */
export async function writeRobomimic(dataset: Dataset, path: string): Promise<void> {
  const { names } = dataset.observation;
  const broken = names.find((name) => ["", "."].includes(arrayOf(name)) || name.includes("/"));
  if (broken !== undefined) {
    throw new InputError(
      `${path}: observation ${JSON.stringify(broken)}: HDF5 cannot have this name, expected no "/" in it`,
    );
  }
  const library = await loadHdf5();
  const { groups, places } = groupColumns(names, arrayOf);
  await finish(path, async (unfinished) => {
    const isOpened = silently(library, () => {
      const file = new library.classes.File(unfinished, "w");
      if (file.file_id < 0n) return false;
      try {
        writeAll(file.create_group("data"), dataset, groups, describe(dataset, places));
      } finally {
        file.close();
      }
      return true;
    });
    if (!isOpened) throw await unwritten(path, "no file could be made");
    const written = await readRobomimic(unfinished).catch((error) => error);
    if (written instanceof Error) throw await unwritten(path, `read back: ${written.message}`);
    checkWritten(path, written, dataset);
  });
}

function writeAll(data: H5Group, dataset: Dataset, groups: readonly Group[], description: string): void {
  const { task, controlRate } = dataset;
  const env = { env_name: task, env_version: "1", type: GYM, env_kwargs: { control_freq: controlRate } };
  data.create_attribute("total", lengthOf(dataset), null, "<q");
  data.create_attribute("env_args", JSON.stringify(env));
  data.create_attribute(DESCRIPTION_ATTRIBUTE, description);
  for (const { episode, start, end } of episodesOf(dataset)) {
    const steps = end - start;
    const demonstration = data.create_group(`demo_${episode}`);
    demonstration.create_attribute("num_samples", steps, null, "<q");
    const size = dataset.action.names.length;
    const actions = dataset.action.values.slice(start * size, end * size);
    demonstration.create_dataset({ name: "actions", data: actions, shape: [steps, size] });
    demonstration.create_dataset({ name: "rewards", data: new Float64Array(steps), shape: [steps] });
    const last = new BigInt64Array(steps).fill(1n, steps - 1);
    demonstration.create_dataset({ name: "dones", data: last, shape: [steps] });
    const observations = demonstration.create_group("obs");
    for (const { key, columns } of groups) {
      const values = cut(dataset.observation, { start, end }, columns);
      observations.create_dataset({ name: key, data: values, shape: [steps, columns.length] });
    }
  }
}
