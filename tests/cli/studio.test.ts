/** `apprentice studio` as a process: what it prints, and how it ends. */
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { ask, visitorOf } from "../server/fixture.ts";
import { runHere, start } from "./command.ts";

const scratch = mkdtempSync(join(tmpdir(), "apprentice-studio-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe("apprentice studio", () => {
  it("prints its addresses, serves, and ends well at Ctrl-C, its training with it", { timeout: 120_000 }, async () => {
    const data = join(scratch, "data");
    const { process: child, outcome } = start(["studio", "--port", "0", "--data", data, "--json"]);
    const line = await new Promise<string>((resolve) => child.stdout!.once("data", (text) => resolve(String(text))));
    const { addresses, port, data: folder } = JSON.parse(line);
    expect(folder).toBe(data);
    const [address] = addresses;
    expect(address).toMatch(new RegExp(`^http://127\\.0\\.0\\.1:${port}/\\?token=[\\w-]{43}$`));
    const get = await visitorOf(address);
    const studio = JSON.parse((await get("/api/studio")).text);
    expect(studio.heads.length).toBeGreaterThan(0);
    // Nothing is there yet: a first policy is on its way.
    expect(studio.jobs).toMatchObject([{ task: "driving", kind: "first" }]);
    child.kill("SIGINT");
    const { code, stdout, stderr } = await outcome;
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: line, stderr: "" });
    expect(existsSync(join(data, "server.json"))).toBe(false);
    await expect(ask(address, "/")).rejects.toThrow("ECONNREFUSED");
  });

  it("says it to a person in words, and trains nothing where it is told so", { timeout: 120_000 }, async () => {
    const data = join(scratch, "quiet");
    const { process: child, outcome } = start([
      "studio",
      "--port",
      "0",
      "--data",
      data,
      "--no-first-policy",
      "--open",
      "no",
    ]);
    const text = await new Promise<string>((resolve) => child.stdout!.once("data", (part) => resolve(String(part))));
    expect(text).toMatch(
      /^The studio is open at\n\n {2}http:\/\/127\.0\.0\.1:\d+\/\?token=\S+\n\nEpisodes and policies are kept in /,
    );
    child.kill("SIGINT");
    expect((await outcome).code).toBe(0);
    expect(readdirSync(data)).toEqual(["access-token"]);
  });

  it("refuses in one line what cannot be served", async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
    const port = String((taken.address() as AddressInfo).port);
    const data = join(scratch, "refused");
    for (const [flags, line] of [
      [
        ["--host", "0.0.0.0"],
        "--host 0.0.0.0: other machines reach it, expected TLS: --self-signed, or --cert FILE --key FILE",
      ],
      [["--cert", "a.pem"], "found --cert, expected --cert FILE and --key FILE together, or --self-signed alone"],
      [["--self-signed", "--cert", "a", "--key", "b"], "found --self-signed, --cert, --key, expected"],
      [["--cert", "absent.pem", "--key", "b.pem"], "absent.pem: cannot be read (ENOENT)"],
      [["--port", port], `--port ${port}: cannot listen (another program listens there)`],
      [["--port", "70000"], "--port: found 70000, expected a port from 0 to 65535"],
      [["--open", "maybe"], "Allowed choices are auto, yes, no"],
    ] as const) {
      const { code, stdout, stderr } = await runHere("studio", "--data", data, "--no-first-policy", ...flags);
      expect({ code, stdout }, flags.join(" ")).toEqual({ code: 2, stdout: "" });
      expect(stderr).toContain(line);
      expect(stderr.trimEnd().split("\n").length).toBe(1);
    }
    taken.close();
  });
});
