/** The session's worker in the page: a dedicated module worker that speaks `messages.ts`. */
import { webOutside } from "../link/web.ts";
import { openJournal } from "../log/journal.ts";
import { openFolder, webLocks } from "../log/opfs.ts";
import { createHost } from "./host.ts";
import type { ToSession } from "./messages.ts";
import { openPolicyIn, type PolicyWorker } from "./policy-client.ts";
import { preciseTimer } from "./timers.ts";

const tab = Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16).padStart(2, "0")).join(
  "",
);

const host = createHost({
  post: (message) => self.postMessage(message),
  clock: {
    now: () => performance.now(),
    after: preciseTimer(),
  },
  timeOrigin: performance.timeOrigin,
  openJournal: async () => openJournal({ folder: await openFolder(), locks: webLocks, tab }),
  outside: webOutside(self.location.origin),
  openPolicy(file) {
    const worker = new Worker(new URL("./policy.worker.ts", import.meta.url), { type: "module" });
    return openPolicyIn(worker as PolicyWorker, file);
  },
  every(ms, call) {
    const timer = setInterval(call, ms);
    return () => clearInterval(timer);
  },
  random: Math.random,
  exit: () => self.close(),
});

self.onmessage = ({ data }: MessageEvent<ToSession>) => host.hear(data);
