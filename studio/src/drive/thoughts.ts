/** What the policy thinks and where everybody drove, in the world's own plane, from what the session tells. */
import { type Controller, driveAhead, type RoadPose, type Snapshot } from "apprentice";
import type { Fan, Tick } from "./session-client.svelte.ts";

export interface Spot {
  readonly x: number;
  readonly y: number;
}

/** Snapshots that a fan may belong to: it comes a little after its step. */
const KEPT = 40;
/** s after which a fan that is not renewed is forgotten. */
export const FAN_SECONDS = 1.5;

/** The newest snapshots of the lane in focus, by step. */
export class Recent {
  #episode = "";
  readonly #snapshots = new Map<number, Snapshot>();

  note({ lanes, focus }: Tick): void {
    const { episode, step, snapshot } = lanes[focus];
    if (episode !== this.#episode) this.#snapshots.clear();
    this.#episode = episode;
    for (const known of this.#snapshots.keys()) {
      if (known > step || known <= step - KEPT) this.#snapshots.delete(known);
    }
    this.#snapshots.set(step, snapshot);
  }

  at(step: number): Snapshot | null {
    return this.#snapshots.get(step) ?? null;
  }
}

/** Where chunks lead. */
export interface Ways {
  /** The one that is being carried out. */
  readonly planned: readonly Spot[];
  readonly fan: readonly (readonly Spot[])[];
}

/**
 * Where the plan and the chunks of a fan lead: for driving by the vehicle's own model from the snapshot of its step, for
 * Push-T they are places already.
 */
export function waysOf(task: string, { planned, chunks, first }: Fan, snapshot: Snapshot): Ways {
  const way = (chunk: Fan["planned"]): readonly Spot[] => {
    const coming = chunk.slice(first);
    return task === "push-t" ? coming.map(([x, y]) => ({ x, y })) : driveAhead(snapshot, coming);
  };
  return { planned: way(planned), fan: chunks.map(way) };
}

/** Where the ego was, and who drove there, step by step; what was rewound is taken back. */
export class Trail {
  #episode = "";
  #spots: (Spot & { readonly controller: Controller })[] = [];

  note(episode: string, step: number, { x, y }: RoadPose, controller: Controller | null): void {
    if (episode !== this.#episode) this.#spots = [];
    this.#episode = episode;
    this.#spots.length = Math.min(this.#spots.length, Math.max(step - 1, 0));
    if (controller) this.#spots.push({ x, y, controller });
  }

  /** Runs of one controller; each begins where the one before ended. */
  runs(controller: Controller): readonly (readonly Spot[])[] {
    const runs: Spot[][] = [];
    this.#spots.forEach((spot, i) => {
      if (spot.controller !== controller) return;
      const before = this.#spots[i - 1];
      if (before?.controller === controller) runs.at(-1)?.push(spot);
      else runs.push(before ? [before, spot] : [spot]);
    });
    return runs;
  }
}
