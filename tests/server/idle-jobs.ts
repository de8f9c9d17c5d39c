import type { Jobs } from "../../src/server/jobs/index.ts";

/** Jobs that train nothing: what is asked of them is noted. */
export function idleJobs(asked: unknown[] = [], parts: Partial<Jobs> = {}): () => Jobs {
  return () => ({
    train: (request) => {
      asked.push(request);
      throw new Error("this server trains nothing");
    },
    stop: (id) => void asked.push(id),
    jobs: () => [],
    policies: () => [],
    policyFile: () => null,
    startFirst: (task) => {
      asked.push(task);
      return null;
    },
    heads: ["l2"],
    close: async () => {},
    ...parts,
  });
}
