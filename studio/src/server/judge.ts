/** Judging in the page, where there is no server to do it: one worker for each policy. */
import type { Rate } from "apprentice";
import type { FromJudge, ToJudge } from "./judge.worker.ts";

export interface Judging {
  /** Rejects with an Error of one line where it cannot be driven, and where it was stopped. */
  readonly success: Promise<Rate>;
  stop(): void;
}

export function startJudging(request: ToJudge): Judging {
  const worker = new Worker(new URL("./judge.worker.ts", import.meta.url), { type: "module", name: "judge" });
  let fail: (error: Error) => void = () => {};
  const success = new Promise<Rate>((settle, reject) => {
    fail = reject;
    worker.onmessage = ({ data }: MessageEvent<FromJudge>) =>
      data.success ? settle(data.success) : reject(new Error(data.error ?? "the policy could not be driven"));
    worker.onerror = ({ message }) => reject(new Error(message || "the judging worker could not be started"));
  });
  const end = () => worker.terminate();
  success.then(end, end);
  worker.postMessage(request);
  return { success, stop: () => fail(new Error("the judging was stopped")) };
}
