/**
 * The worker of one policy: its model is prepared, warmed up and run here, beside the session's worker, so that the clock of
 * the worlds never waits for a model that is being opened, nor for chunks that are drawn for the eye.
 */
import { webRuntime } from "apprentice";
import type { ToPolicy } from "./policy-messages.ts";
import { createPolicyServer } from "./policy-server.ts";

const channel = new MessageChannel();
let wake = () => {};
channel.port1.onmessage = () => wake();

const serve = createPolicyServer({
  runtime: () => webRuntime({ threads: 1 }),
  post: (message) => self.postMessage(message),
  // A task of its own, without the 4 ms that nested timers are held back.
  breathe: () =>
    new Promise((resolve) => {
      wake = resolve;
      channel.port2.postMessage(null);
    }),
  now: () => performance.now(),
});
self.onmessage = ({ data }: MessageEvent<ToPolicy>) => serve(data);
