/**
 * The pages that are connected: what they say, in its order and within bounds. One that floods, sends garbage or does not
 * answer is disconnected; the others do not notice.
 */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import { InputError, isFull } from "../base/index.ts";
import { CLIENT_LIMITS, type ClientMessage, parseClientMessage, type ServerMessage } from "../protocol/index.ts";

/** Why a page is disconnected, as WebSocket has it. */
const CODES = { unsupported: 1003, refused: 1008, closing: 1001, tooMany: 1013 } as const;

export interface SocketLimits {
  /** Pages at once. */
  readonly pages: number;
  /** Messages that may come at once, and per second from then on. */
  readonly burst: number;
  readonly rate: number;
  /** Bytes likewise. */
  readonly bytesBurst: number;
  readonly bytesRate: number;
  /** ms between pings; a page that has not answered one when the next is due is gone. */
  readonly heartbeat: number;
  /** Bytes that a page may leave unread. */
  readonly unread: number;
}

export const SOCKET_LIMITS: SocketLimits = {
  pages: 100,
  burst: 2000,
  rate: 500,
  bytesBurst: 64 << 20,
  bytesRate: 16 << 20,
  heartbeat: 10_000,
  unread: 32 << 20,
};

/** Messages of a page that wait for their turn; then no more are read until they are worked off. */
const MOST_WAITING = 64;

export interface Page {
  /** Who is at it; null until it has said hello. */
  operator: string | null;
  say(message: ServerMessage): void;
}

export interface SocketsOptions {
  readonly limits: SocketLimits;
  /** One message after another of a page; what it throws as an InputError is told to the page. */
  readonly heed: (page: Page, message: ClientMessage) => Promise<void>;
  readonly onFault: (error: unknown) => void;
}

export interface Sockets {
  /** Makes a socket of a request that has been let in. */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** To every page. */
  tell(message: ServerMessage): void;
  close(): void;
}

export function createSockets(options: SocketsOptions): Sockets {
  const { limits } = options;
  const server = new WebSocketServer({ noServer: true, maxPayload: CLIENT_LIMITS.bytes, perMessageDeflate: false });
  const pages = new Map<WebSocket, { isAlive: boolean; send: (text: string) => void }>();
  const timer = setInterval(() => {
    for (const [socket, state] of pages) {
      if (!state.isAlive) socket.terminate();
      state.isAlive = false;
      if (socket.readyState === socket.OPEN) socket.ping();
    }
  }, limits.heartbeat).unref();

  const take = (socket: WebSocket): void => {
    const send = (text: string) => {
      if (socket.readyState !== socket.OPEN) return;
      if (socket.bufferedAmount > limits.unread) socket.terminate();
      else socket.send(text);
    };
    const state = { isAlive: true, send };
    pages.set(socket, state);
    socket.on("pong", () => {
      state.isAlive = true;
    });
    // Bad frames and messages that are too long end here; `close` follows.
    socket.on("error", () => {});
    socket.on("close", () => pages.delete(socket));
    listen(socket, send, options);
  };

  return {
    accept(request, socket, head) {
      server.handleUpgrade(request, socket, head, (webSocket) => {
        if (pages.size >= limits.pages) webSocket.close(CODES.tooMany, "too many pages");
        else take(webSocket);
      });
    },
    tell(message) {
      const text = JSON.stringify(message);
      for (const { send } of pages.values()) send(text);
    },
    close() {
      clearInterval(timer);
      for (const socket of pages.keys()) {
        socket.close(CODES.closing, "the server ends");
        setTimeout(() => socket.terminate(), 500).unref();
      }
      server.close();
    },
  };
}

function listen(socket: WebSocket, send: (text: string) => void, { limits, heed, onFault }: SocketsOptions): void {
  const page: Page = { operator: null, say: (message) => send(JSON.stringify(message)) };
  const messages = bucket(limits.burst, limits.rate);
  const bytes = bucket(limits.bytesBurst, limits.bytesRate);
  let waiting = 0;
  let turn: Promise<void> = Promise.resolve();
  let isOut = false;

  const disconnect = (code: number, reason: string): void => {
    isOut = true;
    page.say({ kind: "refused", of: "message", reason });
    socket.close(code, reason.slice(0, 100).replace(/[^ -~]/g, "?"));
    // Who does not say goodbye in turn is not waited for.
    setTimeout(() => socket.terminate(), 1000).unref();
  };

  socket.on("message", (data: Buffer, isBinary: boolean) => {
    if (isOut) return;
    if (isBinary) return disconnect(CODES.unsupported, "message: found bytes, expected text");
    if (!messages(1) || !bytes(data.length)) return disconnect(CODES.refused, "message: found too many of them");
    let message: ClientMessage;
    try {
      message = parseClientMessage(data.toString());
    } catch (error) {
      return disconnect(CODES.refused, error instanceof InputError ? error.message : "message: cannot be read");
    }
    if (++waiting >= MOST_WAITING) socket.pause();
    turn = turn.then(async () => {
      await heed(page, message).catch((error: unknown) => {
        if (!(error instanceof InputError)) onFault(error);
        page.say(refusalOf(message, error));
      });
      if (--waiting === MOST_WAITING >> 1) socket.resume();
    });
  });
}

function refusalOf(message: ClientMessage, error: unknown): ServerMessage {
  const reason = error instanceof InputError ? error.message : "the server failed; its terminal says how";
  const [episode, ...others] = new Set(episodesOf(message));
  return {
    kind: "refused",
    of: message.kind,
    ...("task" in message && { task: message.task }),
    ...(episode !== undefined && others.length === 0 && { episode }),
    reason,
    ...(error instanceof InputError && isFull(error.cause) && { later: true }),
  };
}

function episodesOf(message: ClientMessage): readonly string[] {
  if ("episode" in message) return [message.episode];
  return message.kind === "annotate" ? message.annotations.map(({ episode }) => episode) : [];
}

/** A bucket that holds so much and fills by so much per second: whether there is enough in it, which is then taken. */
function bucket(capacity: number, rate: number): (amount: number) => boolean {
  let [level, filled] = [capacity, performance.now()];
  return (amount) => {
    const now = performance.now();
    level = Math.min(capacity, level + ((now - filled) / 1000) * rate);
    filled = now;
    if (amount > level) return false;
    level -= amount;
    return true;
  };
}
