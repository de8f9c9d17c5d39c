/** The work of a thread (src/workers): a cell of the small worlds or of driving. */
import type { Work } from "../../workers/index.ts";
import type { CellRows } from "../cells.ts";
import { runDrivingCell } from "./driving-cell.ts";
import type { Cell } from "./settings.ts";
import { runTheoryCell } from "./theory-cell.ts";

export const work = (): Work<Cell, CellRows> => ({
  run: (cell, context) => (cell.kind === "theory" ? runTheoryCell(cell, context) : runDrivingCell(cell, context)),
});
