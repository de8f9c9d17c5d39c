/** Many episodes of one small world side by side, as columns: for counts that one environment at a time does not reach. */
import type { EnvironmentSpec } from "../../world/index.ts";

/** Episodes that begin together, last as long as one another, and end by the clock alone. */
export interface ManyEpisodes {
  readonly spec: EnvironmentSpec;
  /** E. */
  readonly count: number;
  /** Writes what each sees now into `out`, [E, Do]. */
  observe(out: Float32Array): void;
  /** One step of each under `actions` [E, Da], which lie within the spec's bounds; writes what it costs into `costs` [E]. */
  step(actions: Float32Array, costs: Float64Array): void;
}
