/**
 * One Push-T policy in two engines: ours over the seeds of a file that `gym_score.py` wrote, and the differences with their
 * 95 % intervals, over the same starts.
 *
 *     npx tsx experiments/push-t-human/engines.ts --policy policy-64.onnx --gym gym.json [--workers 2] [--out engines.json]
 */
import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { compare, evaluatePolicy, pushTWorld, type SeedResult, summarise } from "../../src/index.ts";

interface GymReport {
  readonly actor: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly apart: Readonly<Record<string, number>>;
  readonly perSeed: readonly SeedResult[];
}

const { values } = parseArgs({
  options: {
    policy: { type: "string" },
    gym: { type: "string" },
    workers: { type: "string", default: "1" },
    out: { type: "string" },
  },
});
if (values.policy === undefined || values.gym === undefined) {
  console.error("--policy and --gym: found nothing, expected a policy's .onnx file and what gym_score.py wrote of it");
  process.exit(2);
}

const gym: GymReport = JSON.parse(readFileSync(values.gym, "utf8"));
const theirs = summarise(pushTWorld().spec, gym.actor, gym.perSeed);
const seeds = gym.perSeed.map(({ seed }) => seed);
const ours = await evaluatePolicy({ policy: values.policy, seeds, workers: Number(values.workers) });
const { difference, scoreDifference, onlyFirst, onlySecond, pValue } = compare(ours, theirs);
const alike = ours.perSeed.filter(
  ({ maxReward }, i) => Math.abs(maxReward - theirs.perSeed[i].maxReward) < 1e-3,
).length;

const row = {
  policy: values.policy,
  head: gym.actor,
  episodes: seeds.length,
  ours: { score: ours.score, success: ours.success },
  gym: { score: theirs.score, success: theirs.success },
  /** Ours - gym, paired by start. */
  difference: { score: scoreDifference, success: difference, onlyOurs: onlyFirst, onlyGym: onlySecond, pValue },
  /** Episodes whose scores are within 0.001 of each other. */
  alike,
  engine: { versions: gym.versions, apart: gym.apart },
};
if (values.out !== undefined) writeFileSync(values.out, `${JSON.stringify(row, null, 2)}\n`);
console.log(JSON.stringify(row, null, 2));
