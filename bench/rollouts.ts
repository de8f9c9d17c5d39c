/**
 * `npm run bench -- rollouts [--json] [--quick] [--rows steps,latency,…]`: what acting costs. Steps of the worlds per second
 * of processor time (Push-T beside gym-pusht, where a Python has it), milliseconds until a policy has planned a chunk, whole
 * episodes per second, windows of a dataset per second, and seconds from nothing to a policy that drives. Five minutes on two
 * idle cores; `--quick` in less than one, to see that all works.
 */
import { measureDataset } from "./dataset.ts";
import { chosenParts, load, machine, measureParts } from "./parts.ts";
import { coldStartRows } from "./rollouts/cold-start.ts";
import { episodeRows } from "./rollouts/episodes.ts";
import { latencyRows } from "./rollouts/latency.ts";
import { type Row, row } from "./rollouts/row.ts";
import { stepRows } from "./rollouts/steps.ts";

async function windowRows(): Promise<Row[]> {
  const rows = (await measureDataset()).filter(({ name }) => name.startsWith("windows"));
  return rows.map(({ name, ours, aim, note }) =>
    row(`${name}, /s`, ours, { aim, note: `per second of processor time; ${note}` }),
  );
}

const PARTS: Readonly<Record<string, (options: { quick: boolean }) => Promise<Row[]>>> = {
  steps: stepRows,
  latency: latencyRows,
  episodes: episodeRows,
  windows: windowRows,
  "cold-start": coldStartRows,
};

function line({ name, threads, ours, theirs, ratio, aim, less, note }: Row): string {
  const peer = theirs === null ? "" : `, theirs ${theirs}, ratio ${ratio}`;
  const aimed = aim === null ? "" : `, aim ${less ? "<" : ">="} ${aim}`;
  return `${name} (${threads} thread${threads > 1 ? "s" : ""}): ${ours}${peer}${aimed}${note && `; ${note}`}`;
}

export async function benchRollouts(flags: { json: boolean; quick: boolean; rows?: string }): Promise<void> {
  const say = flags.json ? console.error : console.log;
  const parts = chosenParts(PARTS, flags.rows);
  say(`${machine()}, load ${load()}`);
  const measured = await measureParts(parts, flags, { say, line });
  if (flags.json) console.log(JSON.stringify({ ...measured, quick: flags.quick }));
}
