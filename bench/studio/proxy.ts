/** Between browser and studio: what was asked for, and what it weighs. */
import { request as ask, createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { gzipSync } from "node:zlib";

export interface Served {
  readonly path: string;
  /** Of the content as it went over the wire, and as a server beyond this machine would send it. */
  readonly bytes: number;
  readonly gzipped: number;
}

export interface Proxy {
  readonly port: number;
  /** What was served since the last time. */
  take(): Served[];
  close(): void;
}

const PACKABLE = /^text\/|json|wasm|svg/;

export async function openProxy(target: number): Promise<Proxy> {
  let served: Served[] = [];
  const server = createServer((request, response) => {
    const { method, url, headers } = request;
    const onward = ask({ host: "127.0.0.1", port: target, method, path: url, headers }, (answer) => {
      const parts: Buffer[] = [];
      answer.on("data", (part) => parts.push(part));
      answer.on("end", () => {
        const content = Buffer.concat(parts);
        const packs = PACKABLE.test(String(answer.headers["content-type"]));
        const gzipped = packs ? gzipSync(content).length : content.length;
        served.push({ path: (url ?? "").split("?")[0], bytes: content.length, gzipped });
        response.writeHead(answer.statusCode ?? 502, answer.headers).end(content);
      });
    });
    onward.on("error", () => response.destroy());
    request.pipe(onward);
  });
  server.on("upgrade", ({ method, url, rawHeaders }, near, head) => {
    const far = connect(target, "127.0.0.1");
    const lines = Array.from(
      { length: rawHeaders.length / 2 },
      (_, i) => `${rawHeaders[2 * i]}: ${rawHeaders[2 * i + 1]}`,
    );
    far.write(`${method} ${url} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`);
    far.write(head);
    far.pipe(near).pipe(far);
    for (const end of [near, far]) end.on("error", () => near.destroy() && far.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    take() {
      const taken = served;
      served = [];
      return taken;
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
