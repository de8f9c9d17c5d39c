import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { WebSocket } from "ws";
import type { ServerMessage } from "../../src/browser.ts";
import { connect } from "../../studio/src/server/connection.ts";
import { cookieOf, openPage, openStudio, temporaryFolders } from "../server/fixture.ts";

const newFolder = temporaryFolders();

/** What any server refuses, and says so. */
const nonsense = {
  kind: "annotate" as const,
  task: "no-such-task",
  annotations: [{ kind: "deletion" as const, episode: "none", deleted: true }],
};

/** What a browser adds by itself to a page's socket. */
let headers = {};
class PageSocket extends WebSocket {
  constructor(address: string | URL) {
    super(address, { headers });
  }
}

describe("the page's connection", () => {
  const data = newFolder();
  beforeAll(() => {
    vi.stubGlobal("WebSocket", PageSocket);
    vi.stubGlobal("addEventListener", () => {});
    vi.stubGlobal("removeEventListener", () => {});
  });
  afterAll(() => vi.unstubAllGlobals());

  it("comes back to a server that was gone, says who is there again, and hears again", async () => {
    const first = await openStudio({ data });
    const [address] = first.addresses;
    const { origin } = new URL(address);
    vi.stubGlobal("location", { href: `${origin}/#/drive` });
    headers = { Origin: origin, Cookie: await cookieOf(address) };

    const heard: ServerMessage[] = [];
    const events: string[] = [];
    const connection = connect("Ada", {
      welcomed: () => events.push("welcomed"),
      gone: () => events.push("gone"),
      message: (message) => heard.push(message),
    });
    await vi.waitFor(() => expect(events).toEqual(["welcomed"]), { timeout: 20_000 });
    expect(connection.say(nonsense)).toBe(true);
    await vi.waitFor(() => expect(heard.some(({ kind }) => kind === "refused")).toBe(true), { timeout: 20_000 });

    await first.close();
    await vi.waitFor(() => expect(events).toEqual(["welcomed", "gone"]), { timeout: 20_000 });
    expect(connection.say(nonsense)).toBe(false);

    // The cookie is good for the same data folder and port.
    const second = await openStudio({ data, port: first.port });
    await vi.waitFor(() => expect(events).toEqual(["welcomed", "gone", "welcomed"]), { timeout: 30_000 });

    // Another page annotates: what the server then tells everybody is heard here.
    const other = await openPage(second.addresses[0]);
    const before = heard.length;
    connection.hello("Grace");
    connection.say(nonsense);
    await vi.waitFor(() => expect(heard.length).toBeGreaterThan(before), { timeout: 20_000 });
    other.close();
    connection.close();
    await second.close();
    await new Promise((resolve) => setTimeout(resolve, 1000));
    // Closed on purpose: it tries no more.
    expect(events.filter((event) => event === "welcomed")).toHaveLength(2);
  });
});
