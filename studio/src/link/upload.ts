/**
 * Brings what is logged to the server: from what the server says it holds, in the order of the steps, one message of an
 * episode at a time. All of it can be said again, so whatever breaks, the answer is to ask what is held and to go on from there.
 */
import { CLIENT_LIMITS, type ClientMessage, type ServerMessage, toBase64 } from "apprentice";
import type { EpisodeLog } from "../log/episode-log.ts";
import type { Journal } from "../log/journal.ts";
import { type Connection, connect, type Outside, type ServerState } from "./connection.ts";

export interface Link {
  readonly server: ServerState;
  /** Steps that are logged, and those of them that no server has acknowledged. */
  counts(): { readonly logged: number; readonly unsent: number };
  /** Whether nothing is left to be done: there is no server, or it has all that it takes, of pages that are gone too. */
  readonly isSettled: boolean;
  /** Something was logged: it is sent soon. */
  logged(): void;
  hello(operator: string): void;
  close(): void;
}

/** ms between two messages about an episode that is recorded right now: twenty steps a second need not be twenty messages. */
const PACE = 200;
/** ms without an answer after which a socket counts as dead. */
const PATIENCE = 10_000;
/** ms after which pages that have gone meanwhile are looked for. */
const ADOPTION = 20_000;
/** Episodes of which something is under way at a time. */
const TOGETHER = 12;
/** Bytes of steps in one message: in base64, and with all around it, still within the server's bounds. */
const BATCH = { count: CLIENT_LIMITS.steps, bytes: CLIENT_LIMITS.bytes / 2 };
/** ms until what the server cannot do now is tried again. */
const REST = 3000;
/** Times that a server may refuse to go on with an episode, before it is left alone until the next connection. */
const STRIKES = 3;

/** How far the server is with a log. */
interface Progress {
  /** Steps that it holds; null while it was not asked over this connection. */
  held: number | null;
  ended: boolean;
  /** Annotations that it has. */
  annotated: number;
  /** What is under way: how many annotations it will have when it answers. */
  waiting: { readonly annotated: number } | null;
  strikes: number;
  /** Whether it is left alone for a while. */
  isResting: boolean;
}

/** @param problem takes one line for the person */
export function openLink(
  journal: Pick<Journal, "logs" | "adopt" | "isAdopted" | "remove">,
  outside: Outside,
  problem: (text: string) => void,
  { operator }: { operator: string },
): Link {
  const progress = new Map<EpisodeLog, Progress>();
  /** Logs that the server would not take, and that the person has been told of. */
  const told = new Set<string>();
  let isShortTold = false;
  let isWelcome = false;
  let hasAdopted = false;
  let cancelPump: (() => void) | null = null;
  let cancelPatience: (() => void) | null = null;
  let cancelAdoption = () => {};
  let closed = false;

  const progressOf = (log: EpisodeLog): Progress => {
    const { acknowledged: annotated } = log;
    const found = progress.get(log) ?? {
      held: null,
      ended: false,
      annotated,
      waiting: null,
      strikes: 0,
      isResting: false,
    };
    progress.set(log, found);
    return found;
  };
  const find = (episode: string | undefined) => journal.logs.find(({ id }) => id === episode);
  const isComplete = (log: EpisodeLog, { held, ended, annotated }: Progress) =>
    log.closed &&
    held !== null &&
    held >= log.length &&
    (ended || log.end === null) &&
    annotated === log.annotations.length;

  const connection: Connection = connect(outside, {
    state(state) {
      if (state === "connected") return;
      isWelcome = hasAdopted = false;
      endPatience();
      for (const one of progress.values()) Object.assign(one, { waiting: null, strikes: 0 });
      cancelAdoption();
    },
    opened() {
      connection.say(greeting());
      beginPatience();
    },
    message(message) {
      endPatience();
      if (message.kind === "welcome") welcome();
      else if (message.kind === "held") hear(message);
      else if (message.kind === "refused") refused(message);
      if ([...progress.values()].some(({ waiting }) => waiting)) beginPatience();
    },
  });

  /** A name within the protocol's bounds, whatever was typed. */
  const greeting = (): ClientMessage => ({
    kind: "hello",
    operator: operator.trim().slice(0, CLIENT_LIMITS.text) || "operator",
  });

  function beginPatience(): void {
    cancelPatience ??= outside.after(PATIENCE, () => {
      cancelPatience = null;
      connection.drop();
    });
  }
  function endPatience(): void {
    cancelPatience?.();
    cancelPatience = null;
  }

  function welcome(): void {
    isWelcome = true;
    connection.proved();
    // It may be another server than before, or have another disk.
    for (const one of progress.values()) one.held = null;
    void adopt();
    pump();
  }

  async function adopt(): Promise<void> {
    cancelAdoption();
    await journal.adopt().catch(() => []);
    if (closed || !isWelcome) return;
    hasAdopted = true;
    pump();
    cancelAdoption = outside.after(ADOPTION, () => void adopt());
  }

  /** Says the next thing about every log of which nothing is under way. */
  function pump(): void {
    cancelPump?.();
    cancelPump = null;
    if (!isWelcome) return;
    let underWay = [...progress.values()].filter(({ waiting }) => waiting).length;
    // What is recorded right now first: a long backlog does not hold it up.
    const inOrder = [...journal.logs].sort((one, other) => Number(one.closed) - Number(other.closed));
    for (const log of inOrder) {
      if (underWay >= TOGETHER) break;
      const own = progressOf(log);
      if (own.waiting || own.isResting || own.strikes >= STRIKES || !sayNext(log, own)) continue;
      underWay += 1;
      beginPatience();
    }
  }

  function sayNext(log: EpisodeLog, own: Progress): boolean {
    const { task, id: episode } = log;
    const { held, annotated } = own;
    const say = (message: ClientMessage) => connection.say(message);
    const start = () => say({ kind: "episode", task, episode, start: toBase64(log.start) });
    const wait = (said: boolean, then = annotated) => {
      if (said) own.waiting = { annotated: then };
      return said;
    };
    if (held === null) return wait(start());
    if (held < log.length) {
      const steps = log.read(held, BATCH).map(toBase64);
      return wait(say({ kind: "steps", task, episode, from: held, steps }));
    }
    if (log.end && !own.ended)
      return wait(say({ kind: "end", task, episode, steps: log.length, end: toBase64(log.end) }));
    const fresh = log.annotations.slice(annotated, annotated + 1000);
    if (fresh.length === 0) return false;
    // Nothing answers an annotation. What a page says is heard in its order: the answer to the next thing is one to it, too.
    return wait(say({ kind: "annotate", task, annotations: fresh }) && start(), annotated + fresh.length);
  }

  function hear({ episode, steps, ended }: Extract<ServerMessage, { kind: "held" }>): void {
    const log = find(episode);
    const own = log && progress.get(log);
    if (!log || !own) return;
    const isBatch = own.held !== null && steps - own.held >= BATCH.count;
    const annotated = own.waiting?.annotated ?? own.annotated;
    if (annotated > log.acknowledged) log.acknowledge(annotated);
    // A server that begins with it has nothing of what another one had.
    const isNew = own.held === null && steps === 0 && log.length > 0;
    if (own.held !== null && steps > own.held) isShortTold = false;
    Object.assign(own, { held: steps, ended, annotated: isNew ? 0 : annotated, waiting: null });
    if (isComplete(log, own) && journal.isAdopted(log)) {
      progress.delete(log);
      void journal.remove(log).catch(() => {});
    }
    if (log.closed || isBatch) pump();
    else soon();
  }

  function refused({ of, episode, reason, later }: Extract<ServerMessage, { kind: "refused" }>): void {
    const log = find(episode);
    const own = log && progress.get(log);
    if (!log || !own) {
      // Answers to annotations need not name an episode; what follows them is answered by itself.
      if (of !== "annotate") problem(`The server refused ${of}: ${reason}`);
      return;
    }
    if (later) rest(own, reason);
    if (of === "annotate") {
      // Its next answer will be to what was said after them.
      if (later && own.waiting) own.waiting = { annotated: own.annotated };
      return;
    }
    own.waiting = null;
    if (later) return;
    own.strikes = of === "episode" ? STRIKES : own.strikes + 1;
    // How far it is is asked again, and gone on from there.
    own.held = null;
    if (own.strikes >= STRIKES && !told.has(log.id)) {
      told.add(log.id);
      problem(`The server does not take episode ${log.id}, which stays in this browser: ${reason}`);
    }
    soon();
  }

  function rest(own: Progress, reason: string): void {
    own.isResting = true;
    outside.after(REST, () => {
      own.isResting = false;
      soon();
    });
    if (isShortTold) return;
    isShortTold = true;
    problem(`The server cannot keep more now, so it stays in this browser for a while: ${reason}`);
  }

  function soon(): void {
    cancelPump ??= outside.after(PACE, pump);
  }

  return {
    get server() {
      return connection.state;
    },
    get isSettled() {
      if (connection.state === "none") return true;
      const isOver = (log: EpisodeLog) => {
        const own = progressOf(log);
        return isComplete(log, own) || own.strikes >= STRIKES;
      };
      return hasAdopted && journal.logs.every(isOver);
    },
    counts() {
      let [logged, unsent] = [0, 0];
      for (const log of journal.logs) {
        logged += log.length;
        unsent += Math.max(0, log.length - (progress.get(log)?.held ?? 0));
      }
      return { logged, unsent };
    },
    logged: soon,
    hello(name) {
      operator = name;
      if (isWelcome) connection.say(greeting());
    },
    close() {
      closed = true;
      cancelPump?.();
      endPatience();
      cancelAdoption();
      connection.close();
    },
  };
}
