/** docs/studio-server.md: its flags are the command's, its addresses and messages the protocol's, its limits the server's. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { REPOSITORY } from "../../scripts/house.ts";
import { ADDRESSES, CLIENT_LIMITS, parseClientMessage } from "../../src/protocol/index.ts";
import { SOCKET_LIMITS } from "../../src/server/sockets.ts";
import { runHere } from "../cli/command.ts";

const page = readFileSync(join(REPOSITORY, "docs", "studio-server.md"), "utf8");
const rowsUnder = (heading: string): string[][] => {
  const [, section] = page.split(`## ${heading}\n`);
  const [before] = section.split("\n## ");
  const rows = before.split("\n").filter((line) => line.startsWith("| "));
  return rows.slice(1).map((row) => row.slice(2, -2).split(/(?<!\\) \| /));
};

it("names every flag of the command, and its default port", async () => {
  const { stdout } = await runHere("studio", "--help");
  const flags = [...stdout.matchAll(/^ {2}(--[a-z-]+)/gm)].map(([, flag]) => flag);
  const [, table] = page.split("| flag | |\n");
  const stated = [...table.split("\n\n")[0].matchAll(/--[a-z][a-z-]*/g)].map(([flag]) => flag);
  expect(new Set(stated)).toEqual(new Set(flags));
  const port = /--port <n>.*\(default: (\d+)\)/.exec(stdout)?.[1];
  expect(table).toContain(`| \`--port N\` | ${port}; `);
  expect(page).toContain(`http://127.0.0.1:${port}/?token=`);
  expect(page).toContain(`ssh -L ${port}:127.0.0.1:${port} `);
});

it("lists the addresses of the protocol", () => {
  const stated = rowsUnder("Addresses").map(([address]) => address.replaceAll("`", "").replaceAll("\\|", "|"));
  const { studio, episodes, episode, findings, download, policies, policy, socket } = ADDRESSES;
  expect(stated.slice(2)).toEqual([
    studio,
    episodes("TASK"),
    episode("TASK", "ID"),
    findings("TASK"),
    download("TASK", "store|robomimic|lerobot" as "store"),
    policies("TASK"),
    policy("TASK", "ID"),
    socket,
  ]);
});

it("lists the messages that a page may say", () => {
  const stated = rowsUnder("Messages").flatMap(([said]) => [...said.matchAll(/`(\w+)`/g)].map(([, kind]) => kind));
  const refusal = (() => {
    try {
      return String(parseClientMessage('{"kind":"no such kind"}'));
    } catch (error) {
      return (error as Error).message;
    }
  })();
  expect(stated).toEqual([...refusal.matchAll(/'(\w+)'/g)].map(([, kind]) => kind));
});

it("states the limits", () => {
  const stated = Object.fromEntries(rowsUnder("Limits").map(([what, bound]) => [what, bound]));
  const mebibytes = (bytes: number) => `${bytes / (1 << 20)} MiB`;
  const { burst, rate, bytesBurst, bytesRate, heartbeat, unread, pages } = SOCKET_LIMITS;
  expect(stated).toMatchObject({
    "one message": `${mebibytes(CLIENT_LIMITS.bytes)}, ${CLIENT_LIMITS.steps} steps`,
    "messages of a page": `${rate} per second, ${burst} at once`,
    "bytes of a page": `${mebibytes(bytesRate)} per second, ${mebibytes(bytesBurst)} at once`,
    "a page that answers no ping": `${heartbeat / 1000} s between pings`,
    pages: String(pages),
  });
  expect(page).toContain(`leaves ${mebibytes(unread)} unread`);
});
