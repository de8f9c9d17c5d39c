/** `meta/info.json` of a LeRobot dataset, version 3 (ECOSYSTEM.md 2.2). */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { InputError, unusable } from "../../base/index.ts";
import { parseJson } from "./description.ts";

export const INFO_FILE = join("meta", "info.json");
/** What the names of observation features begin with. */
export const OBSERVATION = "observation.";
export const ACTION = "action";
/** The only version whose layout is this one. */
export const VERSION = "v3.0";

const FeatureFile = z.object({
  dtype: z.string(),
  shape: z.array(z.int().nonnegative()),
  /** A list with a name per number, or one under a heading; null where there are none. */
  names: z.unknown().optional(),
});
const InfoFile = z.object({
  fps: z.number().positive(),
  features: z.record(z.string(), FeatureFile),
  total_episodes: z.int().positive(),
  data_path: z.string(),
  robot_type: z.string().nullish(),
});
export type Feature = z.infer<typeof FeatureFile>;
export type Info = z.infer<typeof InfoFile>;

/** Throws InputError that names the file and the field. */
export async function readInfo(folder: string): Promise<Info> {
  const path = join(folder, INFO_FILE);
  const text = await readFile(path, "utf8").catch((error) => Promise.reject(unusable(path, "read", error)));
  const json = parseJson(text, path);
  const { codebase_version: version } = (json ?? {}) as Record<string, unknown>;
  if (version !== VERSION) {
    const advice = version === "v2.1" ? "; LeRobot's convert_dataset_v21_to_v30 makes it one" : "";
    throw new InputError(
      `${path}: codebase_version: found ${JSON.stringify(version) ?? "nothing"}, expected "${VERSION}"${advice}`,
    );
  }
  const { data, error } = InfoFile.safeParse(json);
  if (data) return data;
  const [{ path: field, message }] = error.issues;
  throw new InputError(`${path}: ${field.join(".") || "the file"}: ${message}`);
}

/** A name for each number of a feature [n]; its index where there is none. */
export function namesOf({ names, shape: [size] }: Feature): string[] {
  const isRecord = typeof names === "object" && names !== null && !Array.isArray(names);
  const list = isRecord ? Object.values(names).flat() : names;
  const isFull = Array.isArray(list) && list.length === size && list.every((name) => typeof name === "string");
  const isDistinct = isFull && new Set(list).size === size;
  return isDistinct ? list : Array.from({ length: size }, (_, i) => String(i));
}

/** The path of a data file within the folder, by the pattern of Python's `str.format`. */
export function dataFile(
  { data_path: pattern }: Pick<Info, "data_path">,
  place: { chunk: number; file: number },
): string {
  return pattern.replace(/\{(chunk|file)_index:0(\d)d\}/g, (_, which: "chunk" | "file", digits: string) =>
    String(place[which]).padStart(Number(digits), "0"),
  );
}
