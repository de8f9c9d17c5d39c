/**
 * Who may speak to the server. Everybody on the machine can reach a loopback address, and every page that is open in the
 * browser can ask it something: so there is a token, which the first request exchanges for a cookie, and it is checked under
 * which name the server was reached and which page asks.
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { hostname, networkInterfaces } from "node:os";
import { join } from "node:path";
import { unusable } from "../base/index.ts";

const TOKEN_FILE = "access-token";
const TOKEN = /^[A-Za-z0-9_-]{43}$/;

/**
 * The token of a data folder, 256 random bits in base64url, in a file that only its owner may read. It stays the same when the
 * server is started again, so that pages that are open go on. Throws InputError where the file system refuses.
 */
export function tokenOf(data: string): string {
  const file = join(data, TOKEN_FILE);
  try {
    mkdirSync(data, { recursive: true, mode: 0o700 });
    const found = readIfThere(file)?.trim();
    if (found !== undefined && TOKEN.test(found)) {
      chmodSync(file, 0o600);
      return found;
    }
    const token = randomBytes(32).toString("base64url");
    writeFileSync(file, `${token}\n`, { mode: 0o600 });
    chmodSync(file, 0o600);
    return token;
  } catch (error) {
    throw unusable(file, "used", error);
  }
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

export interface AccessOptions {
  readonly token: string;
  /** Where the server listens: cookies do not tell ports apart, so its name does. */
  readonly port: number;
  readonly secure: boolean;
  /** Names and addresses under which the server may be reached, beside those of loopback. */
  readonly names: () => readonly string[];
}

export interface Access {
  /** Whether the token of an address is the right one. */
  isToken(found: string): boolean;
  /** The header that gives the page its cookie. */
  readonly setCookie: string;
  /** Why a request is refused whoever asks: a Host that is not ours, or another page's; null where it is not. */
  refusal(request: IncomingMessage, kind: "page" | "data" | "socket"): string | null;
  /** Whether it has the cookie. */
  isKnown(request: IncomingMessage): boolean;
}

export function createAccess({ token, port, secure, names }: AccessOptions): Access {
  const name = `apprentice-studio-${port}`;
  // Who reads the cookie does not learn the token.
  const secret = createHash("sha256").update(`cookie ${token}`).digest("base64url");
  return {
    isToken: (found) => isSame(found, token),
    setCookie: `${name}=${secret}; Path=/; HttpOnly; SameSite=Strict; Max-Age=34560000${secure ? "; Secure" : ""}`,
    refusal(request, kind) {
      const { host, origin } = request.headers;
      const reached = nameOf(host);
      if (reached === null || ![...LOOPBACK_NAMES, ...names()].includes(reached)) {
        return `Host: found ${show(host)}, expected the address that the server printed`;
      }
      const ours = `${secure ? "https" : "http"}://${host}`;
      if ((origin !== undefined || kind === "socket") && origin?.toLowerCase() !== ours.toLowerCase()) {
        return `Origin: found ${show(origin)}, expected ${ours}`;
      }
      // A link from elsewhere may lead to the page, to nothing else. Browsers that do not say have the cookie to go by.
      const site = request.headers["sec-fetch-site"];
      const isLink = kind === "page" && request.headers["sec-fetch-mode"] === "navigate";
      if (site === undefined || site === "same-origin" || site === "none" || isLink) return null;
      return `Sec-Fetch-Site: found ${show(String(site))}, expected "same-origin"`;
    },
    isKnown: ({ headers }) =>
      cookiesOf(headers.cookie).some(([found, value]) => found === name && isSame(value, secret)),
  };
}

const show = (text: string | undefined): string =>
  text === undefined ? "nothing" : JSON.stringify(text.slice(0, 100));

/** In a time that does not tell how much of it is right. */
function isSame(found: string, expected: string): boolean {
  const [a, b] = [found, expected].map((text) => createHash("sha256").update(text).digest());
  return timingSafeEqual(a, b);
}

function cookiesOf(header = ""): [name: string, value: string][] {
  return header.split(";").flatMap((pair) => {
    const at = pair.indexOf("=");
    return at < 0 ? [] : [[pair.slice(0, at).trim(), pair.slice(at + 1).trim()]];
  });
}

const LOOPBACK_NAMES = ["localhost", "127.0.0.1", "[::1]"];

/** Of a Host header, without the port (which a tunnel changes); null for what is no such header. */
function nameOf(host: string | undefined): string | null {
  const found = /^(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(:\d{1,5})?$/i.exec(host ?? "");
  return found?.[1].toLowerCase() ?? null;
}

/** The names and addresses of this machine, as they stand in a Host header. */
export function machineNames(): string[] {
  const addresses = Object.values(networkInterfaces()).flatMap((found) => found ?? []);
  const name = hostname().toLowerCase();
  return [
    ...addresses.map(({ address, family }) =>
      family === "IPv6" ? `[${address.split("%")[0].toLowerCase()}]` : address,
    ),
    name,
    `${name.replace(/\.local$/, "")}.local`,
  ];
}
