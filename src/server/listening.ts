/** Where the server listens, with which certificate, and under which names it is reached. */
import { createServer, type IncomingMessage, type Server } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { InputError } from "../base/index.ts";
import { ADDRESSES } from "../protocol/index.ts";
import { type Access, machineNames } from "./access.ts";
import { type Certificate, givenCertificate, isLoopback, ownCertificate } from "./certificate.ts";
import type { Sockets } from "./sockets.ts";

export interface ListeningOptions {
  /** For the certificate of its own. */
  readonly data: string;
  readonly host: string;
  /** 0 for any that is free. */
  readonly port: number;
  /** PEM files, "self-signed", or null for none. */
  readonly certificate: { readonly cert: string; readonly key: string } | "self-signed" | null;
  /** ms for a request to arrive whole. */
  readonly patience?: number;
}

export interface Listening {
  readonly http: Server;
  readonly port: number;
  readonly secure: boolean;
  /** Beyond those of loopback: of this moment, for networks come and go. */
  names(): readonly string[];
  /** "http://…", the one to open here first. */
  readonly origins: readonly string[];
}

/** Throws InputError for a host that others reach without TLS, a port that is taken, and a certificate that is none. */
export async function listen(options: ListeningOptions): Promise<Listening> {
  const { host, port, patience = 15_000 } = options;
  if (port > 65_535) throw new InputError(`--port: found ${port}, expected a port from 0 to 65535`);
  const isLocal = await isLoopback(host);
  if (!isLocal && options.certificate === null) {
    throw new InputError(
      `--host ${host}: other machines reach it, expected TLS: --self-signed, or --cert FILE --key FILE`,
    );
  }
  const names = () => (isLocal ? [] : [...machineNames(), host.toLowerCase()]);
  const certificate = await certificateFor(options, names());
  const http = makeHttp(certificate, patience);
  const bound = await bind(http, { host, port });
  const scheme = certificate ? "https" : "http";
  return {
    http,
    port: bound,
    secure: certificate !== null,
    names,
    origins: reachedBy({ host, isLocal, names: names() }).map((name) => `${scheme}://${name}:${bound}`),
  };
}

/** Addresses that mean every one of this machine. */
const ANY: readonly string[] = ["0.0.0.0", "::"];

async function certificateFor(
  { data, certificate }: ListeningOptions,
  names: readonly string[],
): Promise<Certificate | null> {
  if (certificate === null) return null;
  if (certificate !== "self-signed") return givenCertificate(certificate);
  return ownCertificate(data, ["localhost", "127.0.0.1", "::1", ...names.filter((name) => !ANY.includes(name))]);
}

/** In a form that stands in an address. */
function reachedBy({ host, isLocal, names }: { host: string; isLocal: boolean; names: readonly string[] }): string[] {
  if (isLocal || !ANY.includes(host)) return [host.includes(":") ? `[${host}]` : host];
  const outside = names.filter(
    (name) => /^\d+\.\d+\.\d+\.\d+$/.test(name) && !name.startsWith("127.") && !ANY.includes(name),
  );
  return ["localhost", ...outside];
}

/** Who sends a request byte by byte does not keep a connection: after `patience` it has come or is given up. */
function makeHttp(certificate: Certificate | null, patience: number): Server {
  const times = {
    headersTimeout: patience,
    requestTimeout: patience,
    connectionsCheckingInterval: Math.min(patience, 2000),
    keepAliveTimeout: 5000,
  };
  const http = certificate
    ? createSecureServer({ ...times, ...certificate, minVersion: "TLSv1.2", handshakeTimeout: patience })
    : createServer(times);
  http.maxConnections = 500;
  http.on("clientError", (_error, socket) => {
    if (socket.writable) socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
    socket.destroy();
  });
  return http;
}

function bind(http: Server, { host, port }: { host: string; port: number }): Promise<number> {
  return new Promise((resolve, reject) => {
    http.once("error", (error: NodeJS.ErrnoException) => {
      const reason = error.code === "EADDRINUSE" ? "another program listens there" : error.code;
      reject(new InputError(`--host ${host} --port ${port}: cannot listen (${reason}), expected a free port`));
    });
    http.listen({ host, port }, () => resolve((http.address() as AddressInfo).port));
  });
}

/** Answers a request for a socket: with one, or with why there is none. */
export function answerUpgrade(access: Access, sockets: Sockets) {
  return (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    socket.on("error", () => socket.destroy());
    const refuse = (status: string, line: string) => {
      const headers = "Content-Type: text/plain; charset=utf-8\r\nConnection: close";
      socket.end(`HTTP/1.1 ${status}\r\n${headers}\r\n\r\n${line}\n`, () => socket.destroy());
    };
    const refused = access.refusal(request, "socket");
    if (refused !== null) refuse("403 Forbidden", refused);
    else if (!access.isKnown(request)) refuse("401 Unauthorized", "the studio does not know this browser");
    else if (request.url !== ADDRESSES.socket) refuse("404 Not Found", "there is no socket at this address");
    else sockets.accept(request, socket, head);
  };
}
