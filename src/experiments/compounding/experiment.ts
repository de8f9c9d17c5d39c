/** compounding: how errors grow with the length of an episode, where a policy learned from the expert's states and from its own. */
import { siblingModule } from "../../workers/index.ts";
import { runReported } from "../cells.ts";
import type { Experiment } from "../experiment.ts";
import { drawReport } from "./report.ts";
import { type Cell, DRIVING, METHODS, type Method, SEEDS, THEORY, WORLDS, type WorldName } from "./settings.ts";

export const compounding: Experiment = {
  name: "compounding",
  description: "cost against the length of an episode, BC and DAgger, on worlds with closed forms and on driving",
  run(options) {
    const request = { ...options, cells: allCells(), module: siblingModule(import.meta.url, "cell") };
    return runReported<Cell>(request, (rows) => drawReport(rows, options));
  },
};

function allCells(): Map<string, Cell> {
  const cells = new Map<string, Cell>();
  for (const world of WORLDS) {
    for (const method of METHODS) {
      if (!isAsked(world, method)) continue;
      cells.set(`${world}/${method}`, { kind: "theory", world, method, seeds: SEEDS, ...THEORY });
    }
  }
  for (const seed of SEEDS) cells.set(`driving/${seed}`, { kind: "driving", seed, ...DRIVING });
  return cells;
}

/** From the bottom of the cliff nothing that a policy does leads back: how it was trained makes no difference there. */
const isAsked = (world: WorldName, method: Method) => !(world === "cliff" && method === "bc-undecayed");
