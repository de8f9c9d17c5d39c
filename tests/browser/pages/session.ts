/** What the tests of the session's worker run in the page: the worker itself, and what it leaves in the browser's files. */

import { openFolder } from "../../../studio/src/log/opfs.ts";
import type { FromSession, ToSession } from "../../../studio/src/session/messages.ts";

/** A message, and when it came here: ms, as `performance.timeOrigin + performance.now()`. */
export interface Heard {
  readonly at: number;
  readonly message: FromSession;
}

let worker: Worker | null = null;
let heard: Heard[] = [];
let waiting: (() => void)[] = [];

const now = () => performance.timeOrigin + performance.now();

export function start(): void {
  worker = new Worker("/studio/src/session/session.worker.ts", { type: "module" });
  worker.onmessage = ({ data }: MessageEvent<FromSession>) => {
    heard.push({ at: now(), message: data });
    for (const look of waiting) look();
  };
  worker.onerror = (event) => console.log(`worker: ${event.message}`);
}

/** Says it, and when that was. */
export function say(message: ToSession): number {
  const at = now();
  worker?.postMessage(message);
  return at;
}

/** What has been heard since the last time. */
export function take(): Heard[] {
  const taken = heard;
  heard = [];
  return taken;
}

/** Waits until so many messages of a kind are there that have not been taken; resolves anyway after so many ms. */
export function wait({ kind, count = 1, ms = 30_000 }: { kind: FromSession["kind"]; count?: number; ms?: number }) {
  return new Promise<boolean>((resolve) => {
    const end = (found: boolean) => {
      waiting = waiting.filter((one) => one !== look);
      clearTimeout(timer);
      resolve(found);
    };
    const look = () => {
      if (heard.filter(({ message }) => message.kind === kind).length >= count) end(true);
    };
    const timer = setTimeout(() => end(false), ms);
    waiting.push(look);
    look();
  });
}

export const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Ends the worker without a word, as a page that is closed does. */
export function kill(): void {
  worker?.terminate();
  worker = null;
}

/** Every log file of this browser, by name. */
export async function files(): Promise<Record<string, Uint8Array>> {
  const folder = await openFolder();
  const names = await folder.list();
  return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await folder.bytes(name)] as const)));
}

/** Removes them all; once those of a page that has just gone can be removed. */
export async function clear(): Promise<void> {
  const folder = await openFolder();
  for (const name of await folder.list()) {
    for (let attempt = 0; attempt < 100; attempt++) {
      const isGone = await folder.remove(name).then(
        () => true,
        () => false,
      );
      if (isGone) break;
      await pause(20);
    }
  }
}
