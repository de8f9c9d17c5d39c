/** What a run was made with: numbers can depend on it. */
import { readFileSync } from "node:fs";
import { cpus } from "node:os";

export interface Versions {
  readonly apprentice: string;
  readonly onnxruntime: string;
  readonly node: string;
  readonly platform: string;
  readonly processor: string;
  readonly threads: number;
}

export function versions(threads: number): Versions {
  const { version, dependencies } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  return {
    apprentice: version,
    onnxruntime: dependencies["onnxruntime-node"],
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    processor: cpus()[0]?.model ?? "unknown",
    threads,
  };
}
