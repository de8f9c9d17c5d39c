/** A socket to the server that comes back by itself, until it is closed or it turns out that there is no server. */
import type { ServerMessage } from "apprentice";

/** What is used of a WebSocket. */
export interface Socket {
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: (() => void) | null;
  send(text: string): void;
  close(): void;
}

/** - `gone`: there should be a server, or was one; it is tried again and again. - `none`: nobody but this page. */
export type ServerState = "connected" | "gone" | "none";

/** The world outside, as far as it is asked. */
export interface Outside {
  /** Whether there is a server: `gone` where nobody answers. */
  probe(): Promise<"server" | "gone" | "none">;
  open(): Socket;
  /** Calls back after so many ms; answers what takes that back. */
  after(ms: number, call: () => void): () => void;
  /** From 0 up to 1. */
  random(): number;
  /** Calls where a network that was gone is back; answers what ends that. */
  onOnline?(call: () => void): () => void;
}

/** `after` by plain timeouts. */
export const afterTimeout: Outside["after"] = (ms, call) => {
  const timer = setTimeout(call, ms);
  return () => clearTimeout(timer);
};

export interface ConnectionEvents {
  state(state: ServerState): void;
  /** There is a socket: what is said through `say` is heard from now on. */
  opened(): void;
  /** What is no message of the server's is passed over. */
  message(message: ServerMessage): void;
}

export interface Connection {
  readonly state: ServerState;
  /** False where nobody hears it. */
  say(message: object): boolean;
  /** It works: the next attempt after a loss comes soon. */
  proved(): void;
  /** The socket is of no use: another one is tried. */
  drop(): void;
  close(): void;
}

/** ms that a socket may take to open: behind a cable that was pulled it takes minutes to say so. */
const OPENING = 5000;

/** ms; of attempt number `attempt` (from 0): twice as long each time, at most 5 s, the later half by chance. */
export function waitBefore(attempt: number, random: number): number {
  const most = Math.min(250 * 2 ** attempt, 5000);
  return most / 2 + (most / 2) * random;
}

/** Null for what is no message of the server's. */
export function readServerMessage(data: unknown): ServerMessage | null {
  if (typeof data !== "string") return null;
  try {
    const message: unknown = JSON.parse(data);
    return typeof message === "object" && message !== null && "kind" in message ? (message as ServerMessage) : null;
  } catch {
    return null;
  }
}

/** @param wait ms before an attempt, as `waitBefore` says them */
export function connect(outside: Outside, events: ConnectionEvents, wait = waitBefore): Connection {
  let state: ServerState = "gone";
  let socket: Socket | null = null;
  let attempt = 0;
  let closed = false;
  let cancelWait = () => {};
  let isKnown = false;

  const become = (next: ServerState) => {
    if (state === next) return;
    state = next;
    events.state(state);
  };
  const lose = () => {
    if (socket) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      // A socket whose network is gone closes when it likes; nobody waits for it.
      socket.close();
      socket = null;
    }
    if (closed || state === "none") return;
    become("gone");
    cancelWait();
    cancelWait = outside.after(wait(attempt++, outside.random()), () => void attemptNow());
  };
  const attemptNow = async () => {
    cancelWait();
    // Until it has answered once, it may be a host of files only, which would refuse sockets for ever.
    const found = isKnown ? "server" : await outside.probe();
    if (closed || socket) return;
    if (found === "none") return become("none");
    if (found === "gone") return lose();
    isKnown = true;
    const mine = outside.open();
    socket = mine;
    cancelWait = outside.after(OPENING, lose);
    mine.onopen = () => {
      cancelWait();
      become("connected");
      events.opened();
    };
    mine.onmessage = ({ data }) => {
      const message = readServerMessage(data);
      if (message) events.message(message);
    };
    mine.onclose = lose;
  };
  const endOnline = outside.onOnline?.(() => {
    if (!socket && state !== "none") void attemptNow();
  });
  void attemptNow();

  return {
    get state() {
      return state;
    },
    say(message) {
      if (state !== "connected" || !socket) return false;
      socket.send(JSON.stringify(message));
      return true;
    },
    proved() {
      attempt = 0;
    },
    drop: lose,
    close() {
      closed = true;
      cancelWait();
      endOnline?.();
      lose();
    },
  };
}
