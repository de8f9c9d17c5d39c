/** The process of one job: does what it is ordered, at a low priority, and ends when the server does. */
import { setPriority } from "node:os";
import { carryOut } from "./carry-out.ts";
import type { FromProcess, ToProcess } from "./messages.ts";

// Ctrl-C reaches every process of the terminal: the server ends this one, and knows why.
process.on("SIGINT", () => {});
// What is half-made has a name that nobody reads, so nothing has to be tidied up; a native call need not be waited for.
process.on("disconnect", () => process.kill(process.pid, "SIGKILL"));

const send = (message: FromProcess) =>
  new Promise<void>((settle) => {
    if (!process.send) throw new Error("jobs: child.ts is started by the server only");
    process.send(message, () => settle());
  });

process.once("message", async (message: ToProcess) => {
  try {
    setPriority(message.priority);
  } catch {
    // Where that is not allowed, it trains all the same.
  }
  try {
    await carryOut(message, (one) => void send(one));
    await send({ kind: "finished" });
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    await send({ kind: "failed", error: text.split("\n")[0] });
  }
  process.exit(0);
});
