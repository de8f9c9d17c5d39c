/** Sends what pages before this one have left in the browser's log, whichever part of the studio is opened. */
import { isLeftBehind } from "../log/journal.ts";
import { openFolder } from "../log/opfs.ts";
import type { ToSession } from "./messages.ts";

/** Looks for it, and where there is any has a worker send it, which ends by itself. Never rejects. */
export async function sendLeftovers(operator: string): Promise<void> {
  try {
    const names = await (await openFolder()).list();
    const { held = [] } = await navigator.locks.query();
    const taken = new Set(held.map(({ name }) => name ?? ""));
    if (!names.some((name) => isLeftBehind(name, taken))) return;
  } catch {
    // A browser that gives the page no files has kept none.
    return;
  }
  const worker = new Worker(new URL("./session.worker.ts", import.meta.url), { type: "module", name: "courier" });
  const messages: readonly ToSession[] = [{ kind: "operator", name: operator }, { kind: "leave" }];
  for (const message of messages) worker.postMessage(message);
}
