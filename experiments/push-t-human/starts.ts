/**
 * Where the episodes of an evaluation begin, for other engines: `gym_score.py` starts its own from them.
 *
 *     npx tsx experiments/push-t-human/starts.ts --out starts.json [--episodes 500] [--seed 0] [--data STORE.zarr]
 *
 * The seeds are `episodeSeeds("evaluation", seed, episodes)`. Beside the starts stand the points of the T that a policy sees,
 * in the frame of its body; and, so that the other engine can be held to ours, what our world makes of the first human
 * episodes replayed open loop, and some of the noise that our rollouts draw.
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { FileSystemStore } from "@zarrita/storage";
import { get, open, root } from "zarrita";
import { episodeSeeds, foldIn, type Observation, pushTWorld, randomKey, randomStream } from "../../src/index.ts";

/** Human episodes that are replayed. */
const REPLAYS = 3;

const { values } = parseArgs({
  options: {
    out: { type: "string" },
    episodes: { type: "string", default: "500" },
    seed: { type: "string", default: "0" },
    data: { type: "string", default: "../shared/data/pusht_human/pusht_cchi_v7_replay.zarr" },
  },
});
if (values.out === undefined) {
  console.error("--out: found nothing, expected the path of the file to write");
  process.exit(2);
}

const world = pushTWorld();
/** The recordings' name of the array with the pusher's position. */
const PUSHER = "agent";
const packed = ({ keypoint, [PUSHER]: pusher }: Observation) => [...keypoint, ...pusher];

/** State after the reset of a seed, and what is seen there. */
function startOf(seed: number) {
  const { observation } = world.reset(seed);
  const { pusher, block } = world.state();
  return {
    seed,
    pusher: [pusher.x, pusher.y],
    block: [block.x, block.y, block.angle],
    observation: packed(observation),
  };
}

/** [9, 2]: the keypoints of a T that lies at the origin, unturned. */
function keypoints(): number[][] {
  const { observation } = world.start({ pusher: { x: 256, y: 256 }, block: { x: 0, y: 0, angle: 0 } });
  const numbers = Array.from(observation.keypoint);
  return Array.from({ length: numbers.length / 2 }, (_, i) => numbers.slice(2 * i, 2 * i + 2));
}

/** The first human episodes: the state they begin in, their actions, and the coverage after each. */
async function replays(path: string) {
  const read = async (name: string) => {
    const array = await open.v2(root(new FileSystemStore(path)).resolve(name), { kind: "array", attrs: false });
    return Array.from((await get(array)).data as ArrayLike<number | bigint>, Number);
  };
  const [states, actions, ends] = [
    await read("data/state"),
    await read("data/action"),
    await read("meta/episode_ends"),
  ];
  return Array.from({ length: REPLAYS }, (_, episode) => {
    const first = episode === 0 ? 0 : ends[episode - 1];
    const [px, py, x, y, angle] = states.slice(first * 5, first * 5 + 5);
    world.start({ pusher: { x: px, y: py }, block: { x, y, angle } });
    const executed: number[][] = [];
    const coverages: number[] = [];
    for (let row = first; row < ends[episode]; row++) {
      const action = Float32Array.from(actions.slice(row * 2, row * 2 + 2));
      const { info, terminated } = world.step(action);
      executed.push([...action]);
      coverages.push(Number(info.coverage));
      if (terminated) break;
    }
    return { pusher: [px, py], block: [x, y, angle], actions: executed, coverages };
  });
}

/** The first normals that a rollout of `seed` draws for the chunk planned in `step` (`actorKey`, src/rollouts/rollout.ts). */
function noiseOf(seed: number, step: number) {
  const stream = randomStream(foldIn(foldIn(randomKey(seed), 1), step));
  return { seed, step, normals: Array.from({ length: 8 }, () => stream.normal()) };
}

const seeds = episodeSeeds("evaluation", Number(values.seed), Number(values.episodes));
const file = {
  task: world.spec.name,
  maxSteps: world.spec.maxSteps,
  keypoints: keypoints(),
  starts: seeds.map(startOf),
  noise: [0, 8, 296].map((step) => noiseOf(seeds[0], step)),
  replays: await replays(values.data),
};
writeFileSync(values.out, `${JSON.stringify(file)}\n`);
console.error(`${values.out}: ${seeds.length} starts, seeds ${seeds[0]} to ${seeds[seeds.length - 1]}`);
