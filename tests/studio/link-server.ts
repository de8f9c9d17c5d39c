/**
 * A server for tests of the link, with the manners of the real one (src/server): keeps what it is given once, in order,
 * answers with what it holds, and can be killed, cut off and started again at any moment.
 */
import { type ClientMessage, fromBase64, parseClientMessage, type ServerMessage } from "../../src/browser.ts";
import { afterTimeout, type Outside, type Socket } from "../../studio/src/link/connection.ts";

export interface Kept {
  readonly task: string;
  readonly start: string;
  readonly steps: string[];
  end: string | null;
}

export interface TestServer extends Outside {
  readonly kept: Map<string, Kept>;
  readonly annotations: object[];
  /** Every message in the order in which it came. */
  readonly heard: ClientMessage[];
  /** What `probe` says while it is up. */
  found: "server" | "none";
  /** Whether anybody reaches it. */
  up: boolean;
  /** Sockets stay open, but nothing goes through, as when a cable is pulled. */
  silent: boolean;
  /** Calls before each message is heard. */
  onMessage: (message: ClientMessage) => void;
  /** Refuses what this says, with that reason; for now, or for good. */
  refuse: (message: ClientMessage) => string | null;
  later: boolean;
  /** Breaks all connections, without a word. */
  cut(): void;
  sockets(): number;
}

export function testServer(): TestServer {
  const open = new Set<Socket>();
  const server: TestServer = {
    kept: new Map(),
    annotations: [],
    heard: [],
    found: "server",
    up: true,
    silent: false,
    onMessage() {},
    refuse: () => null,
    later: false,
    async probe() {
      return server.up ? server.found : "gone";
    },
    open() {
      const socket: Socket = {
        onopen: null,
        onmessage: null,
        onclose: null,
        send(text) {
          // On its way for a while; what is under way when the connection breaks never arrives.
          setTimeout(() => {
            if (!open.has(socket) || server.silent) return;
            const message = parseClientMessage(text);
            server.onMessage(message);
            if (!open.has(socket)) return;
            server.heard.push(message);
            for (const answer of answers(message)) {
              setTimeout(() => {
                if (open.has(socket) && !server.silent) socket.onmessage?.({ data: JSON.stringify(answer) });
              }, 1);
            }
          }, 1);
        },
        close() {
          open.delete(socket);
        },
      };
      setTimeout(() => {
        if (!server.up) return socket.onclose?.();
        if (server.silent) return;
        open.add(socket);
        socket.onopen?.();
      }, 1);
      return socket;
    },
    after: afterTimeout,
    random: () => 0.5,
    cut() {
      for (const socket of [...open]) {
        open.delete(socket);
        setTimeout(() => socket.onclose?.(), 0);
      }
    },
    sockets: () => open.size,
  };

  function answers(message: ClientMessage): ServerMessage[] {
    const reason = server.refuse(message);
    const about = "episode" in message ? { task: message.task, episode: message.episode } : aboutFirst(message);
    const refused = (why: string): ServerMessage[] => [
      { kind: "refused", of: message.kind, ...about, reason: why, ...(server.later && { later: true }) },
    ];
    if (reason !== null) return refused(reason);
    if (message.kind === "hello") return [{ kind: "welcome", version: "test" }];
    if (message.kind === "annotate") {
      server.annotations.push(...message.annotations);
      return [{ kind: "changed", task: message.task }];
    }
    if (message.kind !== "episode" && message.kind !== "steps" && message.kind !== "end") return refused("unexpected");
    const { task, episode } = message;
    if (message.kind === "episode") {
      const before = server.kept.get(episode);
      if (before && before.start !== message.start) return refused("another start");
      if (!before) server.kept.set(episode, { task, start: message.start, steps: [], end: null });
    }
    const kept = server.kept.get(episode);
    if (!kept) return refused("not begun");
    if (message.kind === "steps") {
      if (message.from > kept.steps.length) return refused("a gap");
      const fresh = message.steps.slice(kept.steps.length - message.from);
      if (kept.end !== null && fresh.length > 0) return refused("it has ended");
      kept.steps.push(...fresh);
    }
    if (message.kind === "end") {
      if (message.steps !== kept.steps.length) return refused("another length");
      kept.end ??= message.end;
    }
    return [{ kind: "held", task, episode, steps: kept.steps.length, ended: kept.end !== null }];
  }

  return server;
}

/** Annotations of one episode are refused by its name. */
const aboutFirst = (message: ClientMessage) =>
  message.kind === "annotate" ? { task: message.task, episode: message.annotations[0].episode } : {};

/** The bytes of what the server keeps of an episode. */
export function keptBytes(server: TestServer, episode: string) {
  const kept = server.kept.get(episode);
  return kept && { steps: kept.steps.map(fromBase64), end: kept.end === null ? null : fromBase64(kept.end) };
}
