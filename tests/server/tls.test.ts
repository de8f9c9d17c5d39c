/** Beyond this machine only with TLS. */
import { X509Certificate } from "node:crypto";
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { hostname, networkInterfaces } from "node:os";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { generate } from "selfsigned";
import { expect, it } from "vitest";
import {
  ask,
  cookieOf,
  episodeRecords,
  messagesOf,
  openPage,
  openStudio,
  temporaryFolders,
  visitorOf,
} from "./fixture.ts";

const newFolder = temporaryFolders();
const hasIPv6 = Object.values(networkInterfaces()).some((found) => found?.some(({ address }) => address === "::1"));

it.each(["0.0.0.0", "::", hostname()])("refuses --host %s without a certificate", async (host) => {
  const data = newFolder();
  // A machine's name may mean loopback, or nothing.
  const refused = await openStudio({ data, host }).then(
    () => null,
    (error: Error) => error.message,
  );
  if (host === hostname() && (refused === null || refused.includes("a name or address"))) return;
  expect(refused).toBe(
    `--host ${host}: other machines reach it, expected TLS: --self-signed, or --cert FILE --key FILE`,
  );
});

it("serves pages and sockets with a certificate of its own, and keeps it", async () => {
  const data = newFolder();
  const server = await openStudio({ data, host: "0.0.0.0", certificate: "self-signed" });
  const [address] = server.addresses;
  expect(address).toMatch(/^https:\/\/localhost:\d+\/\?token=/);
  const { pathname, search } = new URL(address);
  const answer = await ask(address, pathname + search);
  expect(answer.status).toBe(303);
  expect(String(answer.headers["set-cookie"])).toContain("; Secure");
  const page = await openPage(address);
  for (const message of messagesOf("far", episodeRecords(1, 9)))
    expect(await page.answer(message)).toMatchObject({ kind: "held" });

  // Every address that is printed works, and a name that is none of the machine's does not.
  for (const other of server.addresses) {
    expect((await (await visitorOf(other))("/api/studio")).status, other).toBe(200);
  }
  const cookie = await cookieOf(address);
  expect((await ask(address, "/api/studio", { headers: { Cookie: cookie, Host: "evil.example" } })).status).toBe(403);
  // A page without TLS is another origin.
  const plain = { Cookie: cookie, Origin: new URL(address).origin.replace("https", "http") };
  await expect(openPage(address, { cookie, headers: plain })).rejects.toThrow("status 403");

  const files = ["cert.pem", "key.pem"].map((name) => join(data, "certificate", name));
  expect(statSync(files[1]).mode & 0o077).toBe(0);
  const certificate = new X509Certificate(readFileSync(files[0]));
  for (const ip of ["127.0.0.1", ...ownAddresses()]) expect(certificate.checkIP(ip), ip).toBe(ip);
  expect(certificate.checkHost("localhost")).toBe("localhost");
  expect(certificate.ca).toBe(false);
  expect(await servedBy(server.port)).toBe(certificate.fingerprint256);
  const before = files.map((file) => readFileSync(file, "utf8"));
  await server.close();
  const again = await openStudio({ data, host: "0.0.0.0", certificate: "self-signed" });
  expect(files.map((file) => readFileSync(file, "utf8"))).toEqual(before);
  await again.close();
  // One that is broken is made anew.
  writeFileSync(files[0], "no certificate");
  const third = await openStudio({ data, host: "0.0.0.0", certificate: "self-signed" });
  expect(await servedBy(third.port)).toBe(new X509Certificate(readFileSync(files[0])).fingerprint256);
});

const ownAddresses = (): string[] =>
  Object.values(networkInterfaces()).flatMap((found) =>
    (found ?? []).flatMap(({ address, family }) => (family === "IPv4" ? address : [])),
  );

function servedBy(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({ host: "127.0.0.1", port, rejectUnauthorized: false }, () => {
      resolve(socket.getPeerX509Certificate()?.fingerprint256 ?? "");
      socket.destroy();
    });
    socket.on("error", reject);
  });
}

it("serves with a certificate that is given, and refuses files that are none", async () => {
  const folder = newFolder();
  mkdirSync(folder, { recursive: true });
  const made = await generate([{ name: "commonName", value: "studio.example" }], {
    keyType: "ec",
    algorithm: "sha256",
  });
  const other = await generate([{ name: "commonName", value: "studio.example" }], {
    keyType: "ec",
    algorithm: "sha256",
  });
  const [cert, key, wrong] = ["cert.pem", "key.pem", "other.pem"].map((name) => join(folder, name));
  writeFileSync(cert, made.cert);
  writeFileSync(key, made.private);
  writeFileSync(wrong, other.private);
  const server = await openStudio({ data: newFolder(), host: "0.0.0.0", certificate: { cert, key } });
  expect(await servedBy(server.port)).toBe(new X509Certificate(made.cert).fingerprint256);
  const open = (certificate: { cert: string; key: string }) => openStudio({ data: newFolder(), certificate });
  await expect(open({ cert, key: wrong })).rejects.toThrow(
    /cert\.pem, .*other\.pem: found no certificate with its key/,
  );
  await expect(open({ cert: key, key })).rejects.toThrow(/found no certificate with its key/);
  await expect(open({ cert: join(folder, "absent.pem"), key })).rejects.toThrow(
    /absent\.pem: cannot be read \(ENOENT\)/,
  );
});

it.skipIf(!hasIPv6)(
  `listens on the other loopback, too${hasIPv6 ? "" : " [skipped: this machine has no IPv6]"}`,
  async () => {
    const server = await openStudio({ data: newFolder(), host: "::1" });
    const [address] = server.addresses;
    expect(address).toMatch(/^http:\/\/\[::1\]:\d+\/\?token=/);
    const page = await openPage(address);
    expect(await page.answer(messagesOf("six", episodeRecords(1, 3))[0])).toMatchObject({ kind: "held" });
  },
);

it("refuses a name that nobody knows, and a port that is taken", async () => {
  await expect(openStudio({ data: newFolder(), host: "no.such.invalid" })).rejects.toThrow(
    /^--host: found "no\.such\.invalid", expected a name or address of this machine$/,
  );
  const server = await openStudio({ data: newFolder() });
  await expect(openStudio({ data: newFolder(), port: server.port })).rejects.toThrow(
    `--host 127.0.0.1 --port ${server.port}: cannot listen (another program listens there), expected a free port`,
  );
});
