/** The main thread's socket to the server: says hello, and comes back by itself when it is cut. */
import { ADDRESSES, type ClientMessage, type ServerMessage } from "apprentice";
import { backoff, readServerMessage } from "./view.ts";

export interface ConnectionEvents {
  /** The server has answered hello; also each time that it is there again. */
  welcomed(): void;
  gone(): void;
  message(message: ServerMessage): void;
}

export interface ServerConnection {
  /** False where nobody is there to hear it. */
  say(message: ClientMessage): boolean;
  /** Who is at the page, now and after every reconnection. */
  hello(operator: string): void;
  close(): void;
}

export function connect(operator: string, events: ConnectionEvents): ServerConnection {
  let socket: WebSocket | null = null;
  let attempt = 0;
  let closed = false;
  let isWelcome = false;
  let waiting: ReturnType<typeof setTimeout> | undefined;

  const say = (message: ClientMessage): boolean => {
    if (socket?.readyState !== WebSocket.OPEN) return false;
    socket.send(JSON.stringify(message));
    return true;
  };
  const lose = () => {
    if (isWelcome) events.gone();
    isWelcome = false;
    if (closed) return;
    clearTimeout(waiting);
    waiting = setTimeout(open, backoff(attempt++) * 1000);
  };
  const open = () => {
    clearTimeout(waiting);
    const mine = new WebSocket(new URL(ADDRESSES.socket, location.href.replace(/^http/, "ws")));
    socket = mine;
    mine.onopen = () => say({ kind: "hello", operator });
    mine.onmessage = ({ data }) => {
      const message = readServerMessage(data);
      if (!message) return;
      // Also the answer to a new name, which changes nothing else.
      if (message.kind === "welcome" && !isWelcome) {
        attempt = 0;
        isWelcome = true;
        events.welcomed();
      }
      events.message(message);
    };
    mine.onclose = () => {
      if (socket === mine) lose();
    };
  };
  // A network that is back is tried at once, not when the wait is over.
  const hurry = () => {
    if (!closed && socket?.readyState === WebSocket.CLOSED) open();
  };
  addEventListener("online", hurry);
  open();

  return {
    say,
    hello(name) {
      operator = name;
      if (isWelcome) say({ kind: "hello", operator });
    },
    close() {
      closed = true;
      clearTimeout(waiting);
      removeEventListener("online", hurry);
      socket?.close();
    },
  };
}
