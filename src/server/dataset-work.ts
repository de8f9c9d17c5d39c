/** What takes seconds is done in a thread: verifying and exporting a dataset while others record into it. */
import type { Verification } from "../datasets/index.ts";
import { type ExportFormat, exportDataset, verifyDataset } from "../verbs/index.ts";
import { runJobs, siblingModule, type Work } from "../workers/index.ts";

export type DatasetJob =
  | { readonly kind: "verify"; readonly path: string }
  | { readonly kind: "export"; readonly path: string; readonly format: ExportFormat; readonly out: string };

export function datasetWork(): Work<DatasetJob, Verification | null> {
  return {
    async run(job) {
      if (job.kind === "verify") return verifyDataset({ path: job.path });
      await exportDataset(job);
      return null;
    },
  };
}

/** Does a job in a thread of its own. Throws what it throws. */
export async function inThread(job: DatasetJob, signal: AbortSignal): Promise<Verification | null> {
  const [result] = await runJobs<DatasetJob, Verification | null>({
    module: siblingModule(import.meta.url, "dataset-work"),
    exportName: "datasetWork",
    jobs: [job],
    workers: 2,
    signal,
  });
  return result;
}
