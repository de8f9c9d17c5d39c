/**
 * `annotations.jsonl`: what becomes known of episodes after they were recorded, one JSON object per line, only ever added
 * to. Later lines have the last word.
 */
import { closeSync, fsyncSync, ftruncateSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { z } from "zod";
import { InputError, unusable } from "../../base/index.ts";
import type { EnvironmentSpec } from "../../world/index.ts";
import { checkStep, type StoredEpisode } from "./record.ts";

const About = {
  episode: z.string(),
  /** Who says so. */
  by: z.string().min(1).nullable(),
  /** Seconds since 1970. */
  time: z.number(),
};

const Line = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("success"), ...About, success: z.boolean() }),
  z.strictObject({ kind: z.literal("label"), ...About, step: z.int().nonnegative(), label: z.array(z.number()) }),
  z.strictObject({ kind: z.literal("deletion"), ...About, deleted: z.boolean() }),
]);

/**
 * Something said later about an episode: whether it succeeded; the expert's label [Da] of a step; that it is deleted, or is
 * not after all (`deleted: false`).
 */
export type Annotation = z.infer<typeof Line>;

/** The annotations in `file`, in their order; none where there is no file. Half a last line is ignored. Throws InputError. */
export function readAnnotations(file: string): Annotation[] {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw unusable(file, "read", error);
  }
  const lines = text.split("\n").slice(0, -1);
  return lines.map((line, i) => parseLine(line, `${file}: line ${i + 1}`));
}

function parseLine(line: string, where: string): Annotation {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    throw new InputError(`${where}: not valid JSON, expected an annotation`);
  }
  return checkAnnotation(json, where);
}

function checkAnnotation(json: unknown, where: string): Annotation {
  const parsed = Line.safeParse(json);
  if (parsed.success) return parsed.data;
  const [{ path, message }] = parsed.error.issues;
  throw new InputError(`${where}: ${path.join(".") || "the annotation"}: ${message}`);
}

/** Adds lines and waits until they are on the disk. Half a last line, left by a killed process, is cut off before. */
export function appendAnnotations(file: string, annotations: readonly Annotation[]): void {
  if (annotations.length === 0) return;
  const where = `${file}: new annotation`;
  const lines = annotations.map((annotation) => `${JSON.stringify(checkAnnotation(annotation, where))}\n`).join("");
  try {
    const handle = openSync(file, "a+");
    try {
      const content = readFileSync(handle);
      const end = content.lastIndexOf("\n") + 1;
      if (end < content.length) ftruncateSync(handle, end);
      writeFileSync(handle, lines);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
  } catch (error) {
    throw unusable(file, "written", error);
  }
}

/** Those whose last word is that they are deleted. */
export function deletedEpisodes(annotations: readonly Annotation[]): Set<string> {
  const deleted = new Set<string>();
  for (const annotation of annotations) {
    if (annotation.kind !== "deletion") continue;
    if (annotation.deleted) deleted.add(annotation.episode);
    else deleted.delete(annotation.episode);
  }
  return deleted;
}

/** The episode with its success mark and late labels. Throws InputError for a label that fits no step of it. */
export function applyAnnotations(
  episode: StoredEpisode,
  annotations: readonly Annotation[],
  { spec, file }: { spec: EnvironmentSpec; file: string },
): StoredEpisode {
  let { success } = episode;
  const steps = [...episode.steps];
  for (const annotation of annotations) {
    if (annotation.episode !== episode.id) continue;
    if (annotation.kind === "success") success = annotation.success;
    if (annotation.kind !== "label") continue;
    const where = `${file}: episode ${episode.id}: step ${annotation.step}`;
    if (annotation.step >= steps.length) {
      throw new InputError(`${where}: the label is for no step of it, expected one below ${steps.length}`);
    }
    const labelled = { ...steps[annotation.step], label: Float32Array.from(annotation.label) };
    checkStep(spec, labelled, where);
    steps[annotation.step] = labelled;
  }
  return { ...episode, success, steps };
}
