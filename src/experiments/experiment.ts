/** What an experiment is. */
import type { CellsRequest, ExperimentResult } from "./cells.ts";

export interface ExperimentOptions
  extends Pick<CellsRequest<unknown>, "out" | "workers" | "only" | "fresh" | "onNote" | "onProgress" | "signal"> {
  /** What repeats it, for result and report. */
  readonly command: string;
  /** Whether the report's figures are drawn where policies have to be trained for them; default true. */
  readonly figures?: boolean;
}

export interface Experiment {
  /** As in `apprentice experiment NAME`. */
  readonly name: string;
  readonly description: string;
  /** Runs what is missing; leaves result.json and report.html in `out`. */
  run(options: ExperimentOptions): Promise<ExperimentResult & { readonly report: string }>;
}
