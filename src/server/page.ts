/** The page's files, as they were built. Only what is listed can be asked for, so no address leads out of the folder. */
import { createHash } from "node:crypto";
import { readdirSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".webmanifest": "application/manifest+json; charset=utf-8",
  ".txt": "text/plain; charset=utf-8",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
  ".onnx": "application/octet-stream",
  ".png": "image/png",
  ".ico": "image/x-icon",
  ".woff2": "font/woff2",
  ".mp3": "audio/mpeg",
};
const PACKABLE = /^text\/|json|wasm|svg/;

export interface PageFile {
  readonly type: string;
  /** Of the content, in quotes, as HTTP wants it. */
  readonly tag: string;
  readonly content: Uint8Array;
  /** For a slow network; null for what is packed already. */
  packed(): Promise<Uint8Array | null>;
  /** Its name changes with its content. */
  readonly isForever: boolean;
}

export interface PageFiles {
  /** By its address, "/" for the page itself; null where there is none. */
  find(address: string): Promise<PageFile | null>;
}

export function pageFiles(folder: string): PageFiles {
  let listed = list(folder);
  const held = new Map<string, { version: string; file: PageFile }>();
  return {
    async find(address) {
      // Built anew while the server runs: the page is asked for first.
      if (address === "/") listed = list(folder);
      const name = address === "/" ? "/index.html" : address;
      const path = listed.get(name);
      const found = path && statSync(path, { throwIfNoEntry: false });
      if (!path || !found) return null;
      const version = `${found.size} ${found.mtimeMs}`;
      const before = held.get(name);
      if (before?.version === version) return before.file;
      const file = pageFile(name, await readFile(path));
      held.set(name, { version, file });
      return file;
    },
  };
}

function pageFile(name: string, content: Uint8Array): PageFile {
  const type = TYPES[extname(name).toLowerCase()] ?? "application/octet-stream";
  let packed: Promise<Uint8Array> | undefined;
  return {
    type,
    content,
    tag: `"${createHash("sha256").update(content).digest("base64url").slice(0, 22)}"`,
    async packed() {
      if (!PACKABLE.test(type)) return null;
      packed ??= promisify(gzip)(content);
      return packed;
    },
    isForever: /^\/assets\/.*-[A-Za-z0-9_-]{8}\.\w+$/.test(name),
  };
}

/** Plain files by their addresses; links are passed over. */
function list(folder: string, prefix = "/"): Map<string, string> {
  const found = new Map<string, string>();
  for (const entry of entriesOf(folder)) {
    const [path, name] = [join(folder, entry.name), prefix + entry.name];
    if (entry.isDirectory()) for (const [inner, file] of list(path, `${name}/`)) found.set(inner, file);
    else if (entry.isFile()) found.set(name, path);
  }
  return found;
}

function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    // Not built yet: whoever asks for the page is told.
    return [];
  }
}
