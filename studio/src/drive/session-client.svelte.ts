/**
 * The page's end of a session worker: says what the person wants, and keeps what the worker tells. HUDs read the reactive
 * fields; drawings listen to ticks, which come between two pictures.
 */
import type { Request } from "apprentice";
import { server } from "../server-state.svelte.ts";
import type { FromSession, LaneView, PolicyFile, SessionOptions, ToSession } from "../session/messages.ts";

type Told<Kind extends FromSession["kind"]> = Extract<FromSession, { kind: Kind }>;
export type Tick = Told<"tick">;
export type Fan = Told<"fan">;
export type Opened = Told<"opened">;
export type LogState = Told<"log">;

/** A line that is shown for a while. */
export interface Notice {
  readonly text: string;
  readonly grave: boolean;
}

const NOTICE_SECONDS = 6;
/** Times the task's own rate. */
const SLOW_MOTION = 0.35;

/** Told between two pictures; `period`: ms that a control step takes now. */
type HeedTick = (tick: Tick, period: number) => void;

export class SessionClient {
  opened = $state.raw<Opened | null>(null);
  tick = $state.raw<Tick | null>(null);
  log = $state.raw<LogState>({ kind: "log", logged: 0, unsent: 0, server: "none" });
  notice = $state.raw<Notice | null>(null);
  /** Episodes that this page has recorded. */
  episodes = $state.raw<readonly Told<"episode">[]>([]);
  /** The policy that drives now, and the one that waits for the episode's end. */
  version = $state<string | null>(null);
  coming = $state<string | null>(null);
  isOver = $state(false);
  /** The worker itself is not to be trusted any more. */
  hasFailed = false;
  shadowing = $state(false);
  slow = $state(false);

  /** What was asked last. */
  options = $state.raw<SessionOptions | null>(null);
  readonly #worker: Worker;
  #latest: Tick | null = null;
  /** Sessions that were asked for and have not begun: what is told until then is of one before. */
  #awaited = 0;
  #frame = 0;
  readonly #ticks = new Set<HeedTick>();
  readonly #fans = new Set<(fan: Fan) => void>();
  #noticeTimer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    // A browser short of space may throw away the files of pages that have not asked it to keep them; workers cannot ask.
    // Without TLS there is nobody to ask; where it refuses, recording goes on as before.
    navigator.storage?.persist().catch(() => {});
    this.#worker = new Worker(new URL("../session/session.worker.ts", import.meta.url), {
      type: "module",
      name: "session",
    });
    this.#worker.onmessage = ({ data }: MessageEvent<FromSession>) => this.#hear(data);
    this.#worker.onerror = ({ message }) => {
      this.isOver = true;
      this.hasFailed = true;
      this.#note(`The session has failed: ${message || "its worker could not be loaded"}`, true);
    };
  }

  /** The lane in focus, for what is shown: at most once per picture, however many ticks come between two. */
  get lane(): LaneView | null {
    return this.tick ? this.tick.lanes[this.tick.focus] : null;
  }

  /** The same as it was told last, for what must know at once; not reactive. */
  get laneNow(): LaneView | null {
    return this.#latest ? this.#latest.lanes[this.#latest.focus] : null;
  }

  onTick(heed: HeedTick): () => void {
    this.#ticks.add(heed);
    return () => this.#ticks.delete(heed);
  }

  onFan(heed: (fan: Fan) => void): () => void {
    this.#fans.add(heed);
    return () => this.#fans.delete(heed);
  }

  open(options: SessionOptions): void {
    this.options = options;
    this.episodes = [];
    this.opened = null;
    this.tick = null;
    this.#latest = null;
    this.isOver = false;
    this.coming = null;
    this.version = options.policy?.version ?? null;
    this.shadowing = false;
    this.slow = false;
    this.#awaited += 1;
    this.say({ kind: "open", ...options });
  }

  /** Nothing runs any more until the next `open`; the log is complete. */
  stop(): void {
    if (this.options) this.say({ kind: "close" });
    this.options = null;
    this.isOver = false;
    this.notice = null;
    this.opened = null;
    this.tick = null;
    this.#latest = null;
  }

  /** A line of the page's own. */
  tell(text: string): void {
    this.#note(text, false);
  }

  /** Null: no device says anything. */
  input(action: readonly number[] | null): void {
    this.say({ kind: "input", action });
  }

  request(request: Request): void {
    this.say({ kind: "request", request });
  }

  shadow(on: boolean): void {
    this.shadowing = on;
    this.say({ kind: "shadow", on });
  }

  slowMotion(on: boolean): void {
    this.slow = on;
    this.say({ kind: "speed", factor: on ? SLOW_MOTION : 1 });
  }

  swap(policy: PolicyFile, when: "episode" | "now"): void {
    this.coming = policy.version;
    this.say({ kind: "swap", policy, when });
  }

  say(message: ToSession): void {
    this.#worker.postMessage(message);
  }

  /** Ends the worker, as where it has failed. */
  terminate(): void {
    this.#worker.terminate();
  }

  #note(text: string, grave: boolean): void {
    this.notice = { text, grave };
    clearTimeout(this.#noticeTimer);
    if (!grave) this.#noticeTimer = setTimeout(() => (this.notice = null), NOTICE_SECONDS * 1000);
  }

  #hear(message: FromSession): void {
    switch (message.kind) {
      case "opened":
        this.#awaited -= 1;
        if (this.#awaited === 0) this.opened = message;
        return;
      case "tick": {
        // Of the session before, while another is being opened.
        if (!this.options || !this.opened) return;
        this.#latest = message;
        const period = 1000 / (this.opened.controlRate * (this.slow ? SLOW_MOTION : 1));
        for (const heed of this.#ticks) heed(message, period);
        this.#frame ||= requestAnimationFrame(() => {
          this.#frame = 0;
          this.tick = this.#latest;
        });
        return;
      }
      case "fan":
        if (this.#awaited === 0) for (const heed of this.#fans) heed(message);
        return;
      case "episode":
        this.episodes = [...this.episodes, message];
        if (this.options) server.logged(this.options.task);
        return;
      case "log":
        this.log = message;
        return;
      case "swapped":
        if (this.coming === message.version) this.coming = null;
        if (this.version !== message.version) this.#note(`${message.version} drives from here on`, false);
        this.version = message.version;
        return;
      case "problem":
        this.isOver ||= message.fatal;
        if (message.fatal && this.#awaited > 0) this.#awaited -= 1;
        this.#note(message.text, message.fatal);
        return;
      default:
        message satisfies never;
    }
  }
}

let shared: SessionClient | null = null;

/**
 * The page's session worker: one for all that the page shows after another, so that what it has logged goes on to the server
 * meanwhile.
 */
export function sessionClient(): SessionClient {
  if (shared?.hasFailed) {
    shared.terminate();
    shared = null;
  }
  shared ??= new SessionClient();
  return shared;
}
