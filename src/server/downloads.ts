/** A task's dataset as one file to keep: our own store or another format, and what is wrong with it. */
import { createReadStream, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import type { Readable } from "node:stream";
import { ZipFile } from "yazl";
import { InputError } from "../base/index.ts";
import type { Verification } from "../datasets/index.ts";
import type { Store } from "../datasets/node.ts";
import { EXPORT_FORMATS } from "../verbs/index.ts";
import { inThread } from "./dataset-work.ts";

export const DOWNLOAD_FORMATS = ["store", ...EXPORT_FORMATS] as const;
export type DownloadFormat = (typeof DOWNLOAD_FORMATS)[number];

export interface Download {
  readonly name: string;
  readonly type: string;
  readonly content: Readable;
  /** When it was sent, or nobody wants it any more. */
  close(): void;
}

export interface Downloads {
  /** Throws InputError where there is no step yet. */
  make(store: Store, format: DownloadFormat): Promise<Download>;
  /** Of no episodes there is nothing to say. */
  findings(store: Store | null): Promise<Verification>;
  close(): void;
}

const NO_FINDINGS: Verification = {
  episodes: 0,
  steps: 0,
  findings: [],
  counts: { error: 0, warning: 0, info: 0 },
  multimodality: null,
};

export function createDownloads(): Downloads {
  const stop = new AbortController();
  const held = new Map<string, { version: string; verification: Promise<Verification> }>();
  /** One at a time: each may take a core for seconds. */
  let turn: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const next = turn.catch(() => {}).then(work);
    turn = next;
    return next;
  };

  return {
    async make(store, format) {
      const task = store.spec.name;
      if (format === "store")
        return { name: `${task}.zip`, type: "application/zip", content: zipOfStore(store), close() {} };
      const folder = mkdtempSync(join(tmpdir(), "apprentice-export-"));
      const close = () => rmSync(folder, { recursive: true, force: true });
      const out = join(folder, format === "robomimic" ? `${task}.hdf5` : task);
      try {
        await inTurn(() => inThread({ kind: "export", path: store.path, format, out }, stop.signal));
      } catch (error) {
        close();
        throw error;
      }
      return format === "robomimic"
        ? { name: `${task}.hdf5`, type: "application/x-hdf5", content: createReadStream(out), close }
        : { name: `${task}-lerobot.zip`, type: "application/zip", content: zipOfFolder(out, task), close };
    },
    async findings(store) {
      if (!store || store.episodeIds().length === 0) return NO_FINDINGS;
      const version = versionOf(store.path);
      const before = held.get(store.path);
      if (before?.version === version) return before.verification;
      const verification = inTurn(async () => {
        const found = await inThread({ kind: "verify", path: store.path }, stop.signal).catch((error: unknown) => {
          if (error instanceof InputError && error.message.includes("no episode with a step")) return NO_FINDINGS;
          throw error;
        });
        return withinStore(found ?? NO_FINDINGS, store.path);
      });
      held.set(store.path, { version, verification });
      verification.catch(() => held.delete(store.path));
      return verification;
    },
    close: () => stop.abort(),
  };
}

/** Pages are told where in the dataset something is, not where on the machine. */
function withinStore(found: Verification, path: string): Verification {
  const findings = found.findings.map((finding) => ({ ...finding, file: relative(path, finding.file) || "." }));
  return { ...found, findings };
}

function versionOf(path: string): string {
  const files = [
    "dataset.json",
    "annotations.jsonl",
    ...readdirSync(join(path, "episodes")).map((name) => `episodes/${name}`),
  ];
  return files
    .map((name) => {
      const found = statSync(join(path, name), { throwIfNoEntry: false });
      return `${name} ${found?.size} ${found?.mtimeMs}`;
    })
    .join("\n");
}

/** The store without what was deleted, as `dataset info` and `train` read it. Files that grow go in as they are now. */
function zipOfStore(store: Store): Readable {
  const zip = new ZipFile();
  const ids = new Set(store.episodeIds());
  const root = store.spec.name;
  zip.addFile(join(store.path, "dataset.json"), `${root}/dataset.json`);
  const lines = store.annotations().filter(({ episode }) => ids.has(episode));
  const text = lines.map((annotation) => `${JSON.stringify(annotation)}\n`).join("");
  zip.addBuffer(Buffer.from(text), `${root}/annotations.jsonl`);
  for (const id of ids) {
    const file = join(store.path, "episodes", `${id}.mcap`);
    const { size, mtime } = statSync(file);
    const name = `${root}/episodes/${id}.mcap`;
    if (size === 0) zip.addBuffer(Buffer.alloc(0), name, { mtime });
    else zip.addReadStreamLazy(name, { size, mtime }, (give) => give(null, createReadStream(file, { end: size - 1 })));
  }
  return contentOf(zip);
}

/** The files of a folder, under `root`. */
function zipOfFolder(folder: string, root: string): Readable {
  const zip = new ZipFile();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = join(entry.parentPath, entry.name);
    zip.addFile(file, join(root, relative(folder, file)));
  }
  return contentOf(zip);
}

function contentOf(zip: ZipFile): Readable {
  const content = zip.outputStream as Readable;
  // A file that cannot be read any more breaks the download off.
  zip.on("error", (error: Error) => content.destroy(error));
  zip.end();
  return content;
}
