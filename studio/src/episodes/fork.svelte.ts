/** "Fork from here": the moment of an episode from which the person wants to go on. The Drive page takes it, once. */
import type { ForkPoint } from "../session/messages.ts";

export interface ForkRequest {
  readonly task: string;
  readonly from: ForkPoint;
  /** The policy that drove there; null where none did. */
  readonly policy: string | null;
}

let request = $state.raw<ForkRequest | null>(null);

export const fork = {
  get request(): ForkRequest | null {
    return request;
  },
  ask(wanted: ForkRequest): void {
    request = wanted;
  },
  /** The request, which is then taken. */
  take(): ForkRequest | null {
    const taken = request;
    request = null;
    return taken;
  },
};
