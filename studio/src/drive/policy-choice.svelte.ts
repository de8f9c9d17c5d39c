/** Which policy drives: one that was chosen, or always the newest, of the server's and the page's own. Files are fetched once. */
import type { PolicySummary } from "apprentice";
import { server } from "../server-state.svelte.ts";
import type { PolicyFile } from "../session/messages.ts";

export class PolicyChoice {
  /** Null: the newest. */
  chosen = $state<string | null>(null);
  readonly #files = new Map<string, Promise<PolicyFile>>();

  choose(id: string | null): void {
    this.chosen = id;
  }

  #of(task: string): PolicySummary | null {
    const all = server.policies(task);
    return all.find(({ id }) => id === this.chosen) ?? all[0] ?? null;
  }

  /**
   * What a session is opened for: "newest", or the id of the one that was chosen; null where there is none. A newer one
   * does not change it: it is swapped in while the session goes on.
   */
  wanted(task: string): string | null {
    const policy = this.#of(task);
    if (!policy) return null;
    return policy.id === this.chosen ? policy.id : "newest";
  }

  /** The newest policy, where the newest is followed and it neither drives nor is about to. */
  newer(task: string, version: string | null, coming: string | null): PolicySummary | null {
    if (this.wanted(task) !== "newest" || version === null) return null;
    const newest = server.policies(task)[0];
    return newest.id === version || newest.id === coming ? null : newest;
  }

  /** Null where there is no policy. Rejects with one line where its file cannot be had. */
  async load(task: string): Promise<PolicyFile | null> {
    const policy = this.#of(task);
    return policy && this.fetch(policy);
  }

  fetch({ id, task, gate }: PolicySummary): Promise<PolicyFile> {
    const known = this.#files.get(id);
    const file =
      known ??
      server.policyBytes(task, id).then((bytes) => ({ version: id, bytes, threshold: gate?.threshold ?? null }));
    this.#files.set(id, file);
    // What failed may be there the next time.
    file.catch(() => this.#files.delete(id));
    return file;
  }
}
