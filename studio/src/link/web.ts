/** The server that this page came from, from inside a worker (or the page itself). */
import { ADDRESSES } from "apprentice";
import { afterTimeout, type Outside, type Socket } from "./connection.ts";

/** `origin` as a page's location has it; where that is no `http(s):`, there is no server. */
export function webOutside(origin: string): Outside {
  return {
    async probe() {
      if (!/^https?:/.test(origin)) return "none";
      let answer: Response;
      try {
        answer = await fetch(new URL(ADDRESSES.studio, origin), { credentials: "same-origin", cache: "no-store" });
      } catch {
        return "gone";
      }
      // A server that is in trouble, or no longer knows this page, is a server; a host of files knows no such address.
      if ([401, 403].includes(answer.status) || answer.status >= 500) return "gone";
      const isJson = answer.headers.get("Content-Type")?.includes("json") ?? false;
      return answer.ok && isJson ? "server" : "none";
    },
    open: () => new WebSocket(new URL(ADDRESSES.socket, origin.replace(/^http/, "ws"))) as Socket,
    after: afterTimeout,
    random: Math.random,
    onOnline(call) {
      globalThis.addEventListener("online", call);
      return () => globalThis.removeEventListener("online", call);
    },
  };
}
