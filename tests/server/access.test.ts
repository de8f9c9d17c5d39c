/** Who is let in, under which name, and what every answer says. */
import { chmodSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import type { StudioServer } from "../../src/server/index.ts";
import { type Answer, ask, cookieOf, openPage, openStudio, temporaryFolders } from "./fixture.ts";

const newFolder = temporaryFolders();
let server: StudioServer;
let address = "";
let cookie = "";
let host = "";
const data = newFolder();
const page = newFolder();

beforeAll(async () => {
  mkdirSync(join(page, "assets"), { recursive: true });
  writeFileSync(join(page, "index.html"), "<!doctype html><title>page</title>");
  writeFileSync(join(page, "assets", "app-AbCd_12-.js"), "export {};");
  writeFileSync(join(page, "assets", "model.wasm"), Buffer.alloc(4096));
  writeFileSync(join(page, "icon.svg"), "<svg/>");
  mkdirSync(data, { recursive: true });
  symlinkSync(data, join(page, "linked"));
  server = await openStudio({ data, page });
  [address] = server.addresses;
  host = new URL(address).host;
  cookie = await cookieOf(address);
});

const get = (path: string, headers: Record<string, string> = { Cookie: cookie }): Promise<Answer> =>
  ask(address, path, { headers });

it("exchanges the token of its address for a cookie, and drops it from the address", async () => {
  const { pathname, search, searchParams } = new URL(address);
  // 256 bits are 43 digits of base64
  expect(searchParams.get("token")).toMatch(/^[\w-]{43}$/);
  const answer = await ask(address, pathname + search);
  expect(answer).toMatchObject({ status: 303, headers: { location: "/" } });
  const [header] = answer.headers["set-cookie"] as string[];
  expect(header.split("; ").slice(1)).toEqual(expect.arrayContaining(["HttpOnly", "SameSite=Strict", "Path=/"]));
  expect(header).not.toContain(searchParams.get("token"));
  expect((await get("/")).text).toContain("<title>page</title>");
});

it("leads on without a redirect where another page led there: a redirect would not carry the cookie", async () => {
  const { pathname, search } = new URL(address);
  const headers = { "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate" };
  const answer = await ask(address, pathname + search, { headers });
  expect(answer.status).toBe(200);
  expect(answer.headers["set-cookie"]).toBeDefined();
  expect(answer.text).toContain('<meta http-equiv="refresh" content="0; url=/">');
});

it("answers nobody without the cookie, and says what to do", async () => {
  const wrong = address.slice(-43).replace(/^./, (one) => (one === "a" ? "b" : "a"));
  for (const path of [
    "/",
    `/?token=${wrong}`,
    "/?token=",
    "/assets/app-AbCd_12-.js",
    "/api/studio",
    "/ws",
    "/nothing",
  ]) {
    for (const headers of [
      {},
      { Cookie: "apprentice-studio=x" },
      { Cookie: cookie.slice(0, -1) },
      { Cookie: `${cookie}x` },
    ]) {
      const answer = await ask(address, path, { headers: headers as Record<string, string> });
      expect(answer.status, path).toBe(401);
      expect(answer.text).toContain("terminal");
      expect(answer.headers["set-cookie"]).toBeUndefined();
    }
  }
  // The token is for the page alone.
  expect((await ask(address, `/api/studio${new URL(address).search}`)).status).toBe(401);
  await expect(openPage(address, { cookie: "a=b" })).rejects.toThrow("status 401");
});

it("keeps token and cookie when it is started again, in files that only their owner reads", async () => {
  const own = newFolder();
  const first = await openStudio({ data: own });
  const known = await cookieOf(first.addresses[0]);
  const { port } = first;
  await first.close();
  expect(statSync(join(own, "access-token")).mode & 0o077).toBe(0);
  const second = await openStudio({ data: own, port });
  expect(second.addresses).toEqual(first.addresses);
  expect((await ask(second.addresses[0], "/api/studio", { headers: { Cookie: known } })).status).toBe(200);
  await second.close();
  // A file that others could read, or with anything else in it, is put right.
  chmodSync(join(own, "access-token"), 0o644);
  const third = await openStudio({ data: own });
  expect(statSync(join(own, "access-token")).mode & 0o077).toBe(0);
  await third.close();
  writeFileSync(join(own, "access-token"), "short\n");
  const fourth = await openStudio({ data: own });
  expect(new URL(fourth.addresses[0]).searchParams.get("token")).toMatch(/^[\w-]{43}$/);
  expect(readFileSync(join(own, "access-token"), "utf8")).not.toBe("short\n");
});

it("is reached by its own names only", async () => {
  const port = host.split(":")[1];
  const known = { Cookie: cookie };
  for (const name of [
    `127.0.0.1:${port}`,
    `localhost:${port}`,
    `LOCALHOST:${port}`,
    `[::1]:${port}`,
    "localhost:9000",
  ]) {
    expect((await get("/api/studio", { ...known, Host: name })).status, name).toBe(200);
  }
  for (const name of [
    `evil.example:${port}`,
    `127.0.0.1.evil.example:${port}`,
    `localhost.:${port}`,
    "a b",
    `169.254.1.1:${port}`,
  ]) {
    const answer = await get("/api/studio", { ...known, Host: name });
    expect([400, 403], name).toContain(answer.status);
    await expect(openPage(address, { cookie, headers: { Host: name, Origin: `http://${name}` } })).rejects.toThrow();
  }
});

it("refuses what other pages ask, cookie or not", async () => {
  const port = Number(host.split(":")[1]);
  for (const origin of [
    "http://evil.example",
    "null",
    `https://${host}`,
    `http://127.0.0.1:${port + 1}`,
    `http://localhost:${port}`,
  ]) {
    expect((await get("/api/studio", { Cookie: cookie, Origin: origin })).status, origin).toBe(403);
    await expect(openPage(address, { cookie, headers: { Origin: origin } })).rejects.toThrow("status 403");
  }
  // A page at another port of this machine is "same-site": the browser sends it the cookie.
  for (const site of ["cross-site", "same-site"]) {
    expect((await get("/api/studio", { Cookie: cookie, "Sec-Fetch-Site": site })).status).toBe(403);
    const link = { Cookie: cookie, "Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate" };
    expect((await get("/api/tasks/push-t/dataset?format=store", link)).status).toBe(403);
    expect((await get("/", link)).status).toBe(200);
  }
  const same = { Cookie: cookie, Origin: `http://${host}`, "Sec-Fetch-Site": "same-origin" };
  expect((await get("/api/studio", same)).status).toBe(200);
});

it("wants an Origin of whoever opens a socket", async () => {
  const status = await new Promise<string>((resolve, reject) => {
    const [name, port] = host.split(":");
    const socket = connect({ host: name, port: Number(port) }, () => {
      socket.write(
        `GET /ws HTTP/1.1\r\nHost: ${host}\r\nCookie: ${cookie}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`,
      );
    });
    socket.once("data", (bytes) => resolve(String(bytes).split("\r\n")[0]));
    socket.once("error", reject);
  });
  expect(status).toBe("HTTP/1.1 403 Forbidden");
});

it("says the same to the browser in every answer", async () => {
  for (const [path, headers] of [
    ["/", { Cookie: cookie }],
    ["/", {}],
    [`/${new URL(address).search}`, {}],
    ["/assets/app-AbCd_12-.js", { Cookie: cookie }],
    ["/api/studio", { Cookie: cookie }],
    ["/api/nothing", { Cookie: cookie }],
    ["/api/studio", { Cookie: cookie, Origin: "http://evil.example" }],
  ] as [string, Record<string, string>][]) {
    const answer = await get(path, headers);
    expect(answer.headers, path).toMatchObject({
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-embedder-policy": "require-corp",
      "cross-origin-resource-policy": "same-origin",
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
    });
    const policy = String(answer.headers["content-security-policy"]);
    expect(policy).toContain("default-src 'self';");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain("'unsafe-eval'");
    expect(policy).not.toMatch(/script-src[^;]*unsafe-inline/);
    expect(answer.headers["access-control-allow-origin"]).toBeUndefined();
  }
});

it("takes GET and HEAD, nothing else", async () => {
  for (const method of ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"]) {
    const answer = await ask(address, "/api/studio", { method, headers: { Cookie: cookie } });
    expect(answer.status, method).toBe(405);
  }
  expect(await ask(address, "/", { method: "HEAD", headers: { Cookie: cookie } })).toMatchObject({
    status: 200,
    text: "",
  });
});

it("serves the page's files with their types, for ever where a name has a hash", async () => {
  expect(await get("/")).toMatchObject({
    status: 200,
    headers: { "content-type": "text/html; charset=utf-8", "cache-control": "private, no-cache" },
  });
  expect(await get("/assets/app-AbCd_12-.js")).toMatchObject({
    headers: {
      "content-type": "text/javascript; charset=utf-8",
      "cache-control": "private, max-age=31536000, immutable",
    },
  });
  const wasm = await get("/assets/model.wasm");
  expect(wasm).toMatchObject({ headers: { "content-type": "application/wasm", "cache-control": "private, no-cache" } });
  const tag = String(wasm.headers.etag);
  expect(await get("/assets/model.wasm", { Cookie: cookie, "If-None-Match": tag })).toMatchObject({
    status: 304,
    text: "",
  });
  // Built anew while the server runs.
  writeFileSync(join(page, "assets", "model.wasm"), Buffer.alloc(5000, 1));
  const changed = await get("/assets/model.wasm", { Cookie: cookie, "If-None-Match": tag });
  expect(changed).toMatchObject({ status: 200 });
  expect(changed.body.length).toBe(5000);
});

it("leads out of no folder by any address", async () => {
  const secret = readFileSync(join(data, "access-token"), "utf8").trim();
  const ups = ["..", "%2e%2e", ".%2e", "%252e%252e", "..%2f..", "..%5c..", "%2e%2e%2f", "....//", "..%00", "linked"];
  const targets = ["access-token", "etc/passwd", "data-0/access-token"];
  const starts = [
    "/",
    "//",
    "/assets/",
    "/api/tasks/",
    "/api/tasks/push-t/",
    "/api/tasks/push-t/episodes/",
    "/api/tasks/push-t/policies/",
  ];
  const ends = ["", "/policy.onnx", "?format=store"];
  let asked = 0;
  for (const start of starts) {
    for (const up of ups) {
      for (const target of targets) {
        for (const times of [1, 2, 6]) {
          const path = `${start}${Array.from({ length: times }, () => up).join("/")}/${target}${ends[asked++ % ends.length]}`;
          const { status, text } = await get(path);
          expect([400, 404], path).toContain(status);
          expect(text).not.toContain(secret);
          expect(text).not.toContain("root:");
        }
      }
    }
  }
  for (const task of ["..", "%2e%2e", "certificate", "__proto__", "constructor", "driving%2f..", "toString", ""]) {
    for (const what of [
      "episodes",
      "findings",
      "policies",
      "dataset?format=store",
      "episodes/a",
      "policies/a/policy.onnx",
    ]) {
      expect([400, 404], task).toContain((await get(`/api/tasks/${task}/${what}`)).status);
    }
  }
  for (const odd of [
    "/%",
    "/%ff",
    "/\u0000".replace("\u0000", "%00"),
    "/api/tasks/push-t/episodes/%",
    "/__proto__",
    "/assets",
  ]) {
    expect([400, 404], odd).toContain((await get(odd)).status);
  }
});

it("does not keep a connection for who asks byte by byte", { timeout: 60_000 }, async () => {
  const patient = await openStudio({ data: newFolder(), patience: 400 });
  const [name, port] = new URL(patient.addresses[0]).host.split(":");
  const started = Date.now();
  const ended = new Promise<void>((resolve) => {
    const socket = connect({ host: name, port: Number(port) }, () => socket.write("GET / HTTP/1.1\r\n"));
    const drip = setInterval(() => socket.write("X"), 100);
    socket.on("error", () => {});
    socket.on("close", () => {
      clearInterval(drip);
      resolve();
    });
    socket.resume();
  });
  await ended;
  expect(Date.now() - started).toBeLessThan(50_000);
});

it("says so where the page has not been built", async () => {
  const bare = await openStudio({ data: newFolder(), page: newFolder() });
  const known = await cookieOf(bare.addresses[0]);
  const answer = await ask(bare.addresses[0], "/", { headers: { Cookie: known } });
  expect(answer.status).toBe(503);
  expect(answer.text).toContain("npm run build");
});
