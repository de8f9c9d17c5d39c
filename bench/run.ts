/**
 * `npm run bench -- NAME [--json] [--rows a,b] [--threads 1,2] [--turns n] [--growth] [--save]`. NAME: engine,
 * optimizer, dataset, driving, rollouts, dagger, studio. With `--json` the last and only line on standard output is one object; the table goes to standard
 * error.
 * `--growth` adds widths and batches; `--save` writes results.json and the tables of docs/performance.md. `--quick` is for rollouts, dagger and studio: fewer
 * turns, to see that all works.
 */
import { parseArgs } from "node:util";
import { measureRow } from "./engine/engine.ts";
import { measureGrowth } from "./engine/growth.ts";
import { MISSING, openPeer } from "./engine/peer.ts";
import { rows } from "./engine/rows.ts";
import { save } from "./engine/save.ts";
import { header, line } from "./engine/table.ts";

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: "boolean", default: false },
    rows: { type: "string" },
    threads: { type: "string", default: "1,2" },
    turns: { type: "string", default: "7" },
    turn: { type: "string", default: "300" },
    "no-bounds": { type: "boolean", default: false },
    "no-peer": { type: "boolean", default: false },
    growth: { type: "boolean", default: false },
    save: { type: "boolean", default: false },
    quick: { type: "boolean", default: false },
  },
});

const say = (text: string) => (values.json ? console.error(text) : console.log(text));

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}

async function engine(): Promise<void> {
  const names = (values.rows ?? rows.map((row) => row.name).join()).split(",").filter((name) => name !== "");
  const chosen = names.map(
    (name) =>
      rows.find((row) => row.name === name) ?? fail(`--rows: "${name}" is none of ${rows.map((row) => row.name)}`),
  );
  const peer = values["no-peer"] ? null : await openPeer();
  say(peer ? `beside PyTorch ${peer.version}` : MISSING);
  say(header);
  const results = [];
  for (const threads of values.threads.split(",").map(Number)) {
    for (const row of chosen) {
      const schedule = { turn: Number(values.turn), turns: Number(values.turns), bounds: !values["no-bounds"] };
      const result = await measureRow(row, threads, peer, schedule);
      say(line(result));
      results.push(result);
      if (values.save) save({ rows: [result], growth: [] }, peer?.version ?? "missing");
    }
  }
  const growth = values.growth ? await measureGrowth(peer, say) : [];
  peer?.close();
  if (values.save) save({ rows: [], growth }, peer?.version ?? "missing");
  if (values.json) console.log(JSON.stringify({ rows: results, ...(values.growth && { growth }) }));
}

const benches: Readonly<Record<string, () => Promise<unknown>>> = {
  engine,
  optimizer: () => import("./optimizer.ts"),
  dataset: async () => (await import("./dataset.ts")).benchDataset(values.json),
  driving: async () => (await import("./driving.ts")).benchDriving(values.json),
  rollouts: async () => (await import("./rollouts.ts")).benchRollouts(values),
  dagger: async () => (await import("./dagger.ts")).benchDagger(values),
  studio: async () => (await import("./studio.ts")).benchStudio(values),
};

const bench =
  benches[positionals[0]] ?? fail(`bench: found "${positionals[0] ?? ""}", expected ${Object.keys(benches)}`);
await bench();
