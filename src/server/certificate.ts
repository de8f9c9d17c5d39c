/** Certificates: one that is given, or one that the server makes for itself and keeps in its data folder. */
import { X509Certificate } from "node:crypto";
import { lookup } from "node:dns/promises";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { BlockList, isIP } from "node:net";
import { join } from "node:path";
import { createSecureContext } from "node:tls";
import { generate } from "selfsigned";
import { InputError, unusable } from "../base/index.ts";

export interface Certificate {
  /** PEM. */
  readonly cert: string;
  readonly key: string;
}

/** Throws InputError that names the file which cannot be read, or what is wrong with the two. */
export function givenCertificate({ cert, key }: { cert: string; key: string }): Certificate {
  const [certText, keyText] = [cert, key].map((file) => {
    try {
      return readFileSync(file, "utf8");
    } catch (error) {
      throw unusable(file, "read", error);
    }
  });
  try {
    createSecureContext({ cert: certText, key: keyText });
  } catch (error) {
    const reason = error instanceof Error ? error.message : error;
    throw new InputError(`${cert}, ${key}: found no certificate with its key (${reason}), expected both in PEM`);
  }
  return { cert: certText, key: keyText };
}

const DAY = 86_400_000;

/**
 * The data folder's own certificate for these names and addresses. It is made again only where one of them is new, or it ends
 * within a week: who has accepted it need not do so again. Throws InputError where the file system refuses.
 */
export async function ownCertificate(data: string, names: readonly string[]): Promise<Certificate> {
  const folder = join(data, "certificate");
  const [certFile, keyFile] = ["cert.pem", "key.pem"].map((name) => join(folder, name));
  const plain = [...new Set(names.map((name) => name.replace(/^\[|\]$/g, "")))];
  try {
    const [cert, key] = [certFile, keyFile].map((file) => readFileSync(file, "utf8"));
    if (serves(new X509Certificate(cert), plain)) return { cert, key };
  } catch {
    // Absent or broken: it is made.
  }
  const now = new Date();
  const made = await generate([{ name: "commonName", value: "Apprentice studio" }], {
    keyType: "ec",
    algorithm: "sha256",
    notBeforeDate: new Date(now.getTime() - DAY),
    notAfterDate: new Date(now.getTime() + 365 * DAY),
    extensions: [
      { name: "basicConstraints", cA: false, critical: true },
      { name: "keyUsage", digitalSignature: true, critical: true },
      { name: "extKeyUsage", serverAuth: true },
      {
        name: "subjectAltName",
        altNames: plain.map((name) => (isIP(name) ? { type: 7, ip: name } : { type: 2, value: name })),
      },
    ],
  });
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(certFile, made.cert);
    writeFileSync(keyFile, made.private, { mode: 0o600 });
    chmodSync(keyFile, 0o600);
  } catch (error) {
    throw unusable(folder, "written", error);
  }
  return { cert: made.cert, key: made.private };
}

const serves = (certificate: X509Certificate, names: readonly string[]): boolean =>
  new Date(certificate.validTo).getTime() > Date.now() + 7 * DAY &&
  names.every((name) => (isIP(name) ? certificate.checkIP(name) : certificate.checkHost(name)) !== undefined);

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

/** Whether only this machine reaches a host, name or address. Throws InputError for a name that nobody knows. */
export async function isLoopback(host: string): Promise<boolean> {
  const found = await lookup(host, { all: true }).catch(() => {
    throw new InputError(`--host: found ${JSON.stringify(host)}, expected a name or address of this machine`);
  });
  return found.every(({ address, family }) => loopback.check(address, family === 6 ? "ipv6" : "ipv4"));
}
