/** What a page says to the server, as JSON texts on the socket. All of it may be said again: it is done once. */
import { z } from "zod";
import { InputError } from "../base/index.ts";
import { EPISODE_ID } from "../datasets/index.ts";

/** Bounds of one message; a page that goes beyond them is disconnected. */
export const CLIENT_LIMITS = { bytes: 1 << 20, steps: 256, text: 200 } as const;

const Text = z.string().min(1).max(CLIENT_LIMITS.text);
const Id = z.string().regex(EPISODE_ID, 'expected letters, digits, ".", "_" and "-", at most 100');
/** A record of the episode store (Protobuf) in base64. */
const RecordText = z
  .base64()
  .min(1)
  .max(1 << 18);
const Place = { task: Text, episode: Id };

const Annotation = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("success"), episode: Id, success: z.boolean() }),
  z.strictObject({
    kind: z.literal("label"),
    episode: Id,
    step: z.int().nonnegative(),
    label: z.array(z.number()).max(64),
  }),
  z.strictObject({ kind: z.literal("deletion"), episode: Id, deleted: z.boolean() }),
]);

const Message = z.discriminatedUnion("kind", [
  /** Who is at the page; first of all, and whenever that changes. */
  z.strictObject({ kind: z.literal("hello"), operator: Text }),
  /** Begins an episode, or asks how much of it the server has: the answer is `held`. */
  z.strictObject({ kind: z.literal("episode"), ...Place, start: RecordText }),
  /** Steps from number `from` on; those that the server has already are passed over, a gap is refused. */
  z.strictObject({
    kind: z.literal("steps"),
    ...Place,
    from: z.int().nonnegative(),
    steps: z.array(RecordText).min(1).max(CLIENT_LIMITS.steps),
  }),
  /** Ends an episode of so many steps. */
  z.strictObject({ kind: z.literal("end"), ...Place, steps: z.int().nonnegative(), end: RecordText }),
  z.strictObject({ kind: z.literal("annotate"), task: Text, annotations: z.array(Annotation).min(1).max(1000) }),
  /** Trains a policy on the task's episodes that are not deleted (or on those that are named). */
  z.strictObject({
    kind: z.literal("train"),
    task: Text,
    head: Text,
    updates: z.int().min(1).max(1_000_000).optional(),
    weighting: z.enum(["expert", "iwr", "sirius"]).optional(),
    operators: z.array(Text).max(100).optional(),
    episodes: z.array(Id).max(10_000).optional(),
    /**
     * Whether the scripted demonstrations of the first policy count too; left out: where a policy that learned from them is
     * corrected in these episodes, or nothing else is demonstrated, and while they are more than the demonstrations there.
     */
    scripted: z.boolean().optional(),
  }),
  z.strictObject({ kind: z.literal("stop"), job: Text }),
]);

export type ClientMessage = z.infer<typeof Message>;

/** Throws an InputError that names the field, what was found and what was expected. */
export function parseClientMessage(text: string): ClientMessage {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new InputError(`message: found ${JSON.stringify(text.slice(0, 40))}, expected JSON`);
  }
  const parsed = Message.safeParse(json);
  if (parsed.success) return parsed.data;
  const [{ path, message }] = parsed.error.issues;
  throw new InputError(`message: ${path.join(".") || "kind"}: ${message}`);
}

export function toBase64(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i += 0x8000) text += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
  return btoa(text);
}

export const fromBase64 = (text: string): Uint8Array => Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
