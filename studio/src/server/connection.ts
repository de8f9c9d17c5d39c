/** The main thread's socket to the server: says hello, and comes back by itself when it is cut. */
import type { ClientMessage, ServerMessage } from "apprentice";
import { connect as keepConnected } from "../link/connection.ts";
import { webOutside } from "../link/web.ts";
import { backoff } from "./view.ts";

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

/** To a server that has answered: there is one. */
export function connect(operator: string, events: ConnectionEvents): ServerConnection {
  let isWelcome = false;
  const greet = () => void socket.say({ kind: "hello", operator } satisfies ClientMessage);
  const socket = keepConnected(
    { ...webOutside(new URL(location.href).origin), probe: async () => "server" },
    {
      state(state) {
        if (state === "connected" || !isWelcome) return;
        isWelcome = false;
        events.gone();
      },
      opened: greet,
      message(message) {
        // Also the answer to a new name, which changes nothing else.
        if (message.kind === "welcome" && !isWelcome) {
          isWelcome = true;
          socket.proved();
          events.welcomed();
        }
        events.message(message);
      },
    },
    (attempt) => 1000 * backoff(attempt),
  );
  return {
    say: socket.say,
    hello(name) {
      operator = name;
      if (isWelcome) greet();
    },
    close: socket.close,
  };
}
