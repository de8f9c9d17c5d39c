/** The session's host in Node, on real worlds and policies: time passes when the test says so, one control step after another. */
import { nodeRuntime } from "../../src/runtime/node.ts";
import type { Outside } from "../../studio/src/link/connection.ts";
import { openJournal } from "../../studio/src/log/journal.ts";
import { decodeLog } from "../../studio/src/log/read.ts";
import { createHost, type Host } from "../../studio/src/session/host.ts";
import type { FromSession, LaneView, SessionOptions, ToSession } from "../../studio/src/session/messages.ts";
import { openPolicyIn, type PolicyWorker } from "../../studio/src/session/policy-client.ts";
import { createPolicyServer } from "../../studio/src/session/policy-server.ts";
import { type MemoryFolder, memoryFolder, memoryLocks } from "./log-files.ts";
import { PLAIN, type Tick } from "./session-truth.ts";

export interface Stage {
  readonly host: Host;
  readonly folder: MemoryFolder;
  readonly heard: FromSession[];
  /** Policies that run. */
  readonly running: Set<PolicyWorker>;
  say(message: ToSession): void;
  /** Opens a session, of one driving world without a policy unless it says otherwise, and waits until it is there. */
  open(options: Partial<SessionOptions>): Promise<void>;
  /** So many control steps pass, each to its end. */
  steps(count: number): Promise<void>;
  /** Policies answer what they were asked, but the clock does not go on. */
  settle(): Promise<void>;
  ticks(): Tick[];
  /** The lane in focus, as it was said last. */
  lane(): LaneView;
  problems(): string[];
  of<Kind extends FromSession["kind"]>(kind: Kind): Extract<FromSession, { kind: Kind }>[];
  /** Waits for what comes beside the steps, while no step passes. */
  until(there: () => boolean): Promise<void>;
  /** What the log files hold, in the order in which they were begun. */
  logged(): NonNullable<ReturnType<typeof decodeLog>>[];
  /** As `setInterval` would: once. */
  second(): void;
  /** Whether the worker has ended itself. */
  hasExited(): boolean;
}

const NOWHERE: Outside = {
  probe: async () => "none",
  open: () => {
    throw new Error("there is no server");
  },
  after: () => () => {},
  random: () => 0.5,
};

const breathe = () => new Promise<void>((resolve) => setImmediate(resolve));

export function stage({ folder = memoryFolder(), outside = NOWHERE } = {}): Stage {
  const heard: FromSession[] = [];
  const running = new Set<PolicyWorker>();
  const unanswered = new Map<PolicyWorker, number>();
  const locks = memoryLocks();
  const timers = new Set<{ readonly at: number; readonly call: () => void }>();
  const intervals = new Set<() => void>();
  let now = 1000;
  let chance = 0;
  let exited = false;

  const host = createHost({
    post: (message) => heard.push(structuredClone(message)),
    clock: {
      now: () => now,
      after(ms, call) {
        const timer = { at: now + ms, call };
        timers.add(timer);
        return () => timers.delete(timer);
      },
    },
    timeOrigin: Date.UTC(2026, 10, 26, 6, 15, 30),
    openJournal: () => openJournal({ folder, locks, tab: "tab" }),
    outside,
    openPolicy(file) {
      const worker = inProcess(unanswered);
      running.add(worker);
      const { terminate } = worker;
      worker.terminate = () => {
        running.delete(worker);
        terminate();
      };
      return openPolicyIn(worker, file);
    },
    every(_ms, call) {
      intervals.add(call);
      return () => intervals.delete(call);
    },
    random: () => (chance = (chance + 0.618034) % 1),
    exit() {
      exited = true;
    },
  });

  const until = async (there: () => boolean) => {
    const limit = Date.now() + 20_000;
    while (!there()) {
      if (Date.now() > limit) throw new Error(`waited in vain; heard: ${heard.map(({ kind }) => kind).join(" ")}`);
      await breathe();
    }
  };
  const all: Stage = {
    host,
    folder,
    heard,
    running,
    until,
    say: (message) => host.hear(structuredClone(message)),
    async open(options) {
      const before = heard.length;
      all.say({ kind: "open", ...PLAIN, ...options });
      const isThere = ({ kind, ...rest }: FromSession) =>
        kind === "opened" || (kind === "problem" && (rest as { fatal: boolean }).fatal);
      await until(() => heard.slice(before).some(isThere));
      await breathe();
    },
    async steps(count) {
      for (let step = 0; step < count; step++) {
        // The clock waits again once the step before is over.
        await until(() => timers.size > 0);
        const [next] = [...timers].sort((one, other) => one.at - other.at);
        timers.delete(next);
        now = next.at;
        next.call();
        await until(() => timers.size > 0);
      }
    },
    async settle() {
      // What is answered may ask again.
      for (let quiet = 0; quiet < 5; quiet++) {
        await breathe();
        if ([...unanswered.values()].some((count) => count > 0)) quiet = 0;
      }
    },
    of: (kind) => heard.filter((message) => message.kind === kind) as never,
    ticks: () => all.of("tick"),
    lane() {
      const { lanes, focus } = all.ticks().at(-1)!;
      return lanes[focus];
    },
    problems: () => all.of("problem").map(({ text }) => text),
    logged: () =>
      [...folder.files]
        .sort(([one], [other]) => numberOf(one) - numberOf(other))
        .flatMap(([, bytes]) => decodeLog(bytes) ?? []),
    second() {
      for (const call of intervals) call();
    },
    hasExited: () => exited,
  };
  return all;
}

const numberOf = (name: string) => Number(/\.(\d+)\.log$/.exec(name)?.[1]);

/** The policy's worker without a thread of its own; what crosses is cloned, as it is there. */
function inProcess(unanswered: Map<PolicyWorker, number>): PolicyWorker {
  let terminated = false;
  const count = (change: number) => unanswered.set(worker, (unanswered.get(worker) ?? 0) + change);
  const worker: PolicyWorker = {
    onmessage: null,
    onerror: null,
    postMessage: (message) => {
      count(1);
      const cloned = structuredClone(message);
      setImmediate(() => serve(cloned));
    },
    terminate: () => {
      terminated = true;
      unanswered.delete(worker);
    },
  };
  const serve = createPolicyServer({
    runtime: async () => nodeRuntime({ threads: 1 }),
    post: (message) => {
      const cloned = structuredClone(message);
      setImmediate(() => {
        if (terminated) return;
        count(-1);
        worker.onmessage?.({ data: cloned });
      });
    },
    breathe,
    now: () => performance.now(),
  });
  return worker;
}
