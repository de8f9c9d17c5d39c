/**
 * Which way a program's updates take. The choice is a table of measurements, not a timing at run time, so that the same
 * program always takes the same path; it is kept in the checkpoint, and a resumed run repeats it.
 */

export type Plan =
  /** Many updates in one native call, everything in the graph. */
  | { readonly path: "in-graph"; readonly updatesPerCall: number }
  /** One gradient per call, the update in the WebAssembly kernel. */
  | { readonly path: "kernel" };

/**
 * Measured on 2 cores (docs/performance.md, "Where the update runs"): below the crossover the graph's own element-wise
 * passes cost less than leaving it for every update. A call takes about 20 to 100 ms, so that the event loop stays
 * alive and reports are frequent.
 */
const TABLE = [
  { parametersBelow: 10_000, plan: { path: "in-graph", updatesPerCall: 200 } },
  { parametersBelow: 20_000, plan: { path: "in-graph", updatesPerCall: 50 } },
] as const satisfies readonly { parametersBelow: number; plan: Plan }[];

/** The plan for a network of so many parameters. */
export function choosePlan(parameterCount: number): Plan {
  return TABLE.find((row) => parameterCount < row.parametersBelow)?.plan ?? { path: "kernel" };
}
