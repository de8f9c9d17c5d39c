/**
 * `npm run bench -- studio [--json] [--quick] [--rows load,control,swap]`: the studio in Chromium against its own server, both
 * as they are built (`npm run build`): from a cold page to the first step, bytes of the page, from a key to the expert in
 * control, how evenly control steps come, pictures per second, steps missed where a policy is swapped. Drawn in software, as
 * machines without a screen do. Six minutes; `--quick` in two, to see that all works.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openBrowser } from "../tests/studio-e2e/browser.ts";
import { killPrograms, startProgram } from "../tests/studio-e2e/program.ts";
import { chosenParts, load, machine, measureParts } from "./parts.ts";
import type { Row } from "./rollouts/row.ts";
import type { StudioBench } from "./studio/bench.ts";
import { controlRows } from "./studio/control.ts";
import { loadRows } from "./studio/load.ts";
import { swapRows } from "./studio/swap.ts";

/** In the order in which they are measured: what trains leaves policies to those after it. */
const PARTS: Readonly<Record<string, (bench: StudioBench) => Promise<Row[]>>> = {
  load: loadRows,
  control: controlRows,
  swap: swapRows,
};

const line = ({ name, ours, aim, note }: Row): string =>
  `${name}: ${ours}${aim === null ? "" : `, aim at most ${aim}`}${note && `; ${note}`}`;

export async function benchStudio(flags: { json: boolean; quick: boolean; rows?: string }): Promise<void> {
  const say = flags.json ? console.error : console.log;
  const parts = chosenParts(PARTS, flags.rows);
  const data = mkdtempSync(join(tmpdir(), "apprentice-bench-studio-"));
  const [browser, program] = await Promise.all([openBrowser(), startProgram({ data, firstPolicy: true })]);
  try {
    say(`${machine()}, Chromium ${browser.version()}, load ${load()}`);
    const measured = await measureParts(parts, { browser, program, quick: flags.quick }, { say, line });
    if (flags.json) console.log(JSON.stringify({ ...measured, quick: flags.quick }));
  } finally {
    await browser.close();
    await killPrograms();
    rmSync(data, { recursive: true, force: true });
  }
}
