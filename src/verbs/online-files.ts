/** The files of an online run: episodes of all rounds in one store, and of each finished round its policy and its facts. */
import { rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { InputError, type Rate } from "../base/index.ts";
import { episodeFrom, openOrCreateStore, type Store } from "../datasets/node.ts";
import type { Readings } from "../rollouts/index.ts";
import { type Run, writeFileAtomic } from "../runs/node.ts";
import type { Account } from "../supervisors/index.ts";
import type { EnvironmentSpec, Episode } from "../world/index.ts";

/** What is known of a finished round. */
export interface RoundFacts {
  readonly round: number;
  /** Episodes recorded in it, and how often they succeeded, whoever drove. */
  readonly episodes: number;
  readonly collected: Rate;
  /** What supervising it cost, and all rounds so far. */
  readonly account: Account;
  readonly total: Account;
  /** Rows that count in the loss, and its mean over the last tenth of the updates. */
  readonly rows: number;
  readonly loss: number;
  /** Of its policy, on the episodes of selection. */
  readonly success: Rate;
  readonly score: number;
  /** Of the gate that asked for help in it; null where none did. */
  readonly gate: GateFacts | null;
  /** s, of recording, training and judging. */
  readonly seconds: { readonly recording: number; readonly training: number; readonly judging: number };
}

/** What is known of a round's gate before it is at work. */
export interface GateFacts {
  /** By reading, and below which an alarm is over, where that is another. */
  readonly thresholds: Readings;
  readonly release: Readings | null;
  /** How they were found: `budget` also where there were too few successes for a conformal threshold. */
  readonly rule: "conformal" | "budget";
  /** The policy alone before the round; and the successes that thresholds are from. */
  readonly alone: Rate;
  readonly successes: number;
  /** Steps that were simulated to find out until when the expert could have saved the failures. */
  readonly simulated: number;
}

const nameOfRound = (round: number) => `rounds/round-${String(round).padStart(3, "0")}`;
export const roundPolicyFile = (round: number) => `${nameOfRound(round)}.onnx`;
export const roundParametersFile = (round: number) => `${nameOfRound(round)}.safetensors`;
const roundFactsFile = (round: number) => `${nameOfRound(round)}.json`;
const roundGateFile = (round: number) => `${nameOfRound(round)}-gate.json`;
const DATA_FOLDER = "data";

/** The facts of the rounds that are finished: a round is, once its facts are on disk, which are written last. */
export async function readRounds(run: string, rounds: number): Promise<RoundFacts[]> {
  const finished: RoundFacts[] = [];
  for (let round = 0; round <= rounds; round++) {
    const file = join(run, roundFactsFile(round));
    const text = await readFile(file, "utf8").catch(() => null);
    if (text === null) break;
    try {
      finished.push(JSON.parse(text));
    } catch {
      throw new InputError(`${file}: not valid JSON, expected the facts of a round`);
    }
  }
  return finished;
}

/** Of a round that has begun; null before. */
export async function readGateFacts(run: string, round: number): Promise<GateFacts | null> {
  const text = await readFile(join(run, roundGateFile(round)), "utf8").catch(() => null);
  return text === null ? null : JSON.parse(text);
}

export const writeGateFacts = (run: string, round: number, facts: GateFacts): Promise<void> =>
  writeFileAtomic(join(run, roundGateFile(round)), `${JSON.stringify(facts, null, 2)}\n`);

export const writeRound = (run: Run, facts: RoundFacts): Promise<void> =>
  run.writeFile(roundFactsFile(facts.round), `${JSON.stringify(facts, null, 2)}\n`);

/** The store of a run's episodes, made if absent. */
export const roundStore = (run: string, spec: EnvironmentSpec, notes: readonly string[]): Promise<Store> =>
  openOrCreateStore(join(run, DATA_FOLDER), { spec, provenance: { source: "apprentice dagger", notes } });

const prefixOf = (round: number): string => `round-${String(round).padStart(3, "0")}-`;
/** The name of the n-th episode of a round. */
export const episodeId = (round: number, index: number): string =>
  `${prefixOf(round)}${String(index).padStart(6, "0")}`;

const AHEAD = "-ahead-";
/** The name of a drive that the expert imagined from a step of an episode. */
export const aheadId = (id: string, step: number): string => `${id}${AHEAD}${String(step).padStart(6, "0")}`;
export const isAhead = (id: string): boolean => id.includes(AHEAD);

/** The episodes of a round that are whole, by name. What a killed process began is removed: it is recorded anew, the same to the bit. */
export async function storedEpisodes(store: Store, round: number): Promise<Map<string, Episode>> {
  const found = new Map<string, Episode>();
  for (const id of store.episodeIds()) {
    if (!id.startsWith(prefixOf(round))) continue;
    const stored = await store.readEpisode(id).catch(() => null);
    if (stored?.endInfo) found.set(id, episodeFrom(store.spec, stored));
    else rmSync(join(store.path, "episodes", `${id}.mcap`));
  }
  return found;
}
