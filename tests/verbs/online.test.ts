import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { classesOf } from "../../src/algorithms/index.ts";
import { episodeFrom, openStore } from "../../src/datasets/node.ts";
import type { RecipePart } from "../../src/recipes/index.ts";
import { learnOnline, type OnlineResult } from "../../src/verbs/index.ts";
import type { Episode } from "../../src/world/index.ts";
import { start } from "../cli/command.ts";

const scratch = mkdtempSync(join(tmpdir(), "apprentice-online-"));
afterAll(() => rmSync(scratch, { recursive: true }));

const SMALL = {
  rounds: 2,
  demonstrations: 3,
  episodes: 3,
  selection: 4,
  learning: { updates: 20, policy: { network: { hidden: [16, 16] } } },
} as const;

const learn = (name: string, recipe: RecipePart, task = "fork"): Promise<OnlineResult> =>
  learnOnline({ task, out: join(scratch, name), recipe: { ...SMALL, ...recipe }, threads: 1 });

async function episodesOf(name: string): Promise<Map<string, Episode>> {
  const store = await openStore(join(scratch, name, "data"));
  const found = new Map<string, Episode>();
  for (const id of store.episodeIds()) found.set(id, episodeFrom(store.spec, await store.readEpisode(id)));
  return found;
}

const later = (episodes: Map<string, Episode>) =>
  [...episodes].flatMap(([id, one]) => (id.startsWith("round-000") ? [] : [one]));
const shareOf = (episodes: readonly Episode[]) => {
  const steps = episodes.flatMap(({ controller }) => controller);
  return steps.filter((who) => who === "expert").length / steps.length;
};

describe("the rounds of every algorithm", () => {
  it("clone: demonstrations, and nothing else", async () => {
    const { rounds } = await learn("clone", { algorithm: "clone" });
    const episodes = await episodesOf("clone");
    expect([...episodes.keys()]).toHaveLength(9);
    for (const episode of episodes.values()) expect(new Set(classesOf(episode))).toEqual(new Set(["demonstration"]));
    expect(rounds.map(({ total }) => total.labels)).toEqual([0, 0, 0]);
    expect(rounds[2].total.interventions).toBe(0);
    expect(rounds[2].rows).toBe([...episodes.values()].reduce((sum, { length }) => sum + length, 0));
  });

  it("dagger: the policy drives, the expert labels every step; with another beta it drives some", async () => {
    const { rounds } = await learn("dagger", { algorithm: "dagger" });
    const episodes = later(await episodesOf("dagger"));
    expect(shareOf(episodes)).toBe(0);
    for (const episode of episodes) expect(classesOf(episode).every((name) => name === "label")).toBe(true);
    expect(rounds[2].total.labels).toBe(episodes.reduce((sum, { length }) => sum + length, 0));
    expect(episodes.map(({ policyVersion }) => policyVersion)).toEqual([
      ...Array(3).fill("round-0"),
      ...Array(3).fill("round-1"),
    ]);
    await learn("dagger-beta", { algorithm: "dagger", beta: { kind: "exponential", p: 0.6 }, episodes: 6 });
    const mixed = shareOf(later(await episodesOf("dagger-beta")));
    expect(mixed).toBeGreaterThan(0.3);
    expect(mixed).toBeLessThan(0.65);
  });

  it("dagger: of labels further apart a budget lasts for more episodes, and only what is labelled is learned from", async () => {
    const { rounds } = await learn("apart", { algorithm: "dagger", labelEvery: 3 });
    const episodes = later(await episodesOf("apart"));
    const labels = episodes.reduce((sum, { length }) => sum + Math.ceil(length / 3), 0);
    expect(rounds[2].total.labels).toBe(labels);
    expect(rounds[2].rows).toBe(rounds[0].rows + labels);
    // of four episodes that are recorded together one alone has more than as many labels
    const budget = Math.max(...episodes.map(({ length }) => length));
    const counts = { episodes: 40, rounds: 1, budget: 4 * budget };
    const [dense, sparse] = [
      await learn("budget-1", { ...counts, labelEvery: 1 }),
      await learn("budget-3", { ...counts, labelEvery: 3 }),
    ];
    expect(sparse.rounds[1].episodes).toBeGreaterThanOrEqual(2 * dense.rounds[1].episodes);
  });

  it("dagger with look-ahead: from every plan the expert drives on in a fork, as far as a chunk reaches", async () => {
    const horizons = { observationHorizon: 1, predictionHorizon: 8, actionHorizon: 4 };
    const learning = { ...SMALL.learning, horizons };
    const { rounds } = await learn("ahead", { algorithm: "dagger", chunkLabels: "look-ahead", learning });
    const episodes = await episodesOf("ahead");
    const [id, driven] = [...episodes].find(([name]) => name.startsWith("round-001") && !name.includes("ahead")) ?? [];
    if (!driven) throw new Error("no episode of round 1");
    for (const [name, ahead] of episodes) {
      if (!name.startsWith(`${id}-ahead-`)) continue;
      const step = Number(name.slice(-6));
      expect(driven.chunkPlace[step]).toBe(0);
      expect(ahead.observation.position.slice(0, 2)).toEqual(driven.observation.position.slice(2 * step, 2 * step + 2));
      expect(ahead.length).toBeLessThanOrEqual(8);
      expect(new Set(ahead.controller)).toEqual(new Set(["expert"]));
    }
    const imagined = [...episodes].filter(([name]) => name.includes("-ahead-"));
    expect(rounds[2].total.lookAhead).toBe(imagined.reduce((sum, [, { length }]) => sum + length, 0));
    expect(imagined.length).toBeGreaterThan(6);
  });

  it("hg-dagger: some steps are interventions, and only these and the demonstrations count", async () => {
    const { rounds } = await learn("hg", {
      algorithm: "hg-dagger",
      operator: { reactionDelay: 0 },
      foresight: { kind: "fork", horizon: 0.1, rescue: 1, every: 1 },
      episodes: 8,
    });
    const { total, rows, account } = rounds[2];
    expect(total.interventions).toBeGreaterThan(0);
    expect(total.labels).toBe(total.expertSteps - rounds[0].account.expertSteps);
    expect(rows).toBe(total.expertSteps);
    expect(account.steps).toBeGreaterThan(account.expertSteps);
  });

  it("dart: the expert drives, labelled with what it meant; undisturbed in round 1, for nothing is known yet", async () => {
    await learn("dart", { algorithm: "dart", rounds: 3 });
    const episodes = await episodesOf("dart");
    const off = (round: number) =>
      [...episodes].flatMap(([id, { label, action }]) =>
        id.startsWith(`round-00${round}`) && label ? [...label].map((value, i) => Math.abs(value - action[i])) : [],
      );
    expect(shareOf([...episodes.values()])).toBe(1);
    expect(Math.max(...off(1))).toBe(0);
    expect(Math.max(...off(2))).toBeGreaterThan(0);
  });

  it("smile: expert and policies together, each round learned from its own labels", async () => {
    const { rounds } = await learn("smile", { algorithm: "smile", alpha: 0.5, episodes: 6 });
    const own = rounds.map(({ round, account, rows }) => (round === 0 ? account.expertSteps : account.labels) - rows);
    expect(own).toEqual([0, 0, 0]);
    expect(rounds[1].account.expertSteps / rounds[1].account.steps).toBeGreaterThan(0.3);
    expect(rounds[1].account.expertSteps / rounds[1].account.steps).toBeLessThan(0.7);
  });
});

describe("a run", () => {
  it("ends a round with the group of episodes in which its budget is spent", async () => {
    const { rounds } = await learn("budget", { episodes: 12, budget: 1 });
    expect(rounds.map(({ episodes }) => episodes)).toEqual([3, 4, 4]);
  });

  it("goes on after any kill with nothing recorded lost, and ends as one that was never stopped", async () => {
    const flags =
      "--rounds 3 --demonstrations 6 --episodes 6 --updates 60 --hidden 16,16 --selection 6 --threads 1".split(" ");
    const command = (name: string) => [
      "dagger",
      "fork",
      "--algorithm",
      "hg-dagger",
      "--out",
      join(scratch, name),
      ...flags,
    ];
    const whole = await start(command("whole")).outcome;
    expect(whole.code, whole.stderr).toBe(0);
    let attempts = 0;
    let known: string[] = [];
    for (let isFinished = false; !isFinished; attempts++) {
      const isBegun =
        readdirSync(scratch).includes("killed") && readdirSync(join(scratch, "killed")).includes("recipe.json");
      const { process, outcome } = start([...command("killed"), ...(isBegun ? ["--resume"] : [])]);
      const limit = setTimeout(() => process.kill("SIGKILL"), attempts < 6 ? 1200 + 350 * attempts : 60_000);
      const { code, stderr } = await outcome;
      clearTimeout(limit);
      if (code !== null) expect(code, stderr).toBe(0);
      isFinished = code === 0;
      const now = wholeEpisodes("killed");
      for (const id of known) expect(now).toContain(id);
      known = now;
    }
    expect(attempts).toBeGreaterThan(2);
    for (const file of ["policy.onnx", "parameters.safetensors"]) {
      const [one, other] = ["whole", "killed"].map((name) => readFileSync(join(scratch, name, file)));
      expect(one.equals(other), file).toBe(true);
    }
    const factsOf = (name: string, round: number) => {
      const { seconds, ...facts } = JSON.parse(
        readFileSync(join(scratch, name, `rounds/round-00${round}.json`), "utf8"),
      );
      return facts;
    };
    for (const round of [0, 1, 2, 3]) expect(factsOf("killed", round)).toEqual(factsOf("whole", round));
    const metrics = readFileSync(join(scratch, "killed", "metrics.jsonl"), "utf8")
      .trimEnd()
      .split("\n");
    expect(metrics.map((line) => JSON.parse(line).update)).toEqual([1, 2, 3, 4]);
  }, 120_000);

  /** Names of the finished recordings. */
  function wholeEpisodes(name: string): string[] {
    const folder = join(scratch, name, "data", "episodes");
    try {
      // a finished file ends with MCAP's magic
      return readdirSync(folder).filter((file) => readFileSync(join(folder, file)).subarray(-8).includes("MCAP0"));
    } catch {
      return [];
    }
  }

  it("goes on where it was killed before its dataset had begun", async () => {
    const { path } = await learn("begun", {});
    const whole = readFileSync(join(path, "policy.onnx"));
    for (const name of ["data", "rounds", "policy.onnx"]) rmSync(join(path, name), { recursive: true });
    mkdirSync(join(path, "data", "episodes"), { recursive: true });
    writeFileSync(join(path, "data", ".unfinished-1-0-dataset.json"), "{");
    await learnOnline({ task: "fork", out: path, resume: true, threads: 1 });
    expect(readFileSync(join(path, "policy.onnx")).equals(whole)).toBe(true);
  });

  it("warm goes on from the parameters of the round before, also after a kill", async () => {
    await learn("warm", { start: "warm" });
    cpSync(join(scratch, "warm"), join(scratch, "warm-again"), { recursive: true });
    for (const file of readdirSync(join(scratch, "warm-again", "rounds"))) {
      if (file.startsWith("round-002")) rmSync(join(scratch, "warm-again", "rounds", file));
    }
    await learnOnline({ task: "fork", out: join(scratch, "warm-again"), resume: true, threads: 1 });
    const [one, other] = ["warm", "warm-again"].map((name) => readFileSync(join(scratch, name, "policy.onnx")));
    expect(one.equals(other)).toBe(true);
    await learn("scratch", { start: "scratch" });
    expect(readFileSync(join(scratch, "scratch", "policy.onnx")).equals(one)).toBe(false);
  });

  it("refuses other choices than it was begun with, and experts that there are not", async () => {
    const again = learnOnline({ task: "fork", out: join(scratch, "warm"), resume: true, recipe: { seed: 4 } });
    await expect(again).rejects.toThrow(/--resume .*warm: seed is 0 there, found 4/);
    await expect(learn("x", { expert: "either-sid" })).rejects.toThrow(
      /no expert "either-sid", did you mean "either-side"/,
    );
    await expect(learn("x", { algoritm: "dagger" })).rejects.toThrow(
      /unknown field "algoritm"; did you mean "algorithm"\?/,
    );
    await expect(learn("x", { learning: { updatez: 3 } })).rejects.toThrow(
      /learning: unknown field "updatez"; did you mean "updates"\?/,
    );
    await expect(learn("x", { rounds: 0 })).rejects.toThrow(/rounds: found 0, expected/);
  });
});
