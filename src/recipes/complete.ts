/** Recipes as people write them: a part of the fields, over the defaults of the task and the head; and what is wrong with them. */
import type { z } from "zod";
import { InputError, nearestName } from "../base/index.ts";
import { encoderSchema, HEADS, type HeadName, headSchema, networkSchema, policyRecipe } from "../policies/index.ts";
import { type CloningRecipe, cloningSchema } from "./cloning.ts";
import { recipeDefaults } from "./defaults.ts";

/** Any part of a recipe, as nested objects of plain JSON. */
export type RecipePart = { readonly [field: string]: unknown };

/** The head where neither file nor flag names one. */
const DEFAULT_HEAD: HeadName = "diffusion";

/**
 * A whole recipe of what is given, over the defaults of the task and of the head it names. Throws an InputError that names
 * `where`, the field, what was found and what was expected; for a misspelt field the nearest right one.
 */
export function completeRecipe(given: RecipePart, { task, where }: { task: string; where: string }): CloningRecipe {
  const head = headOf(given, where);
  const defaults: RecipePart = { ...recipeDefaults(task, head), task };
  return readCloningRecipe(recipeOver(withChosenKinds(defaults, given, head), given), where);
}

/** The recipe in a parsed recipe.json. Throws an InputError as `completeRecipe` does. */
export function readCloningRecipe(value: unknown, where: string): CloningRecipe {
  return readRecipe(cloningSchema, value, where);
}

/** What fits the schema of a kind of recipe. Throws an InputError as `completeRecipe` does. */
export function readRecipe<T>(schema: z.ZodType<T>, value: unknown, where: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = deepest(parsed.error.issues);
  const path = issue.path.join(".");
  if (issue.code === "unrecognized_keys") {
    const [key] = issue.keys;
    const known = knownFields(schema, value, issue.path.map(String));
    const nearest = nearestName(key, known);
    const hint = nearest ? `did you mean "${nearest}"?` : `expected ${known.join(", ")}`;
    throw new InputError(`${where}: ${path ? `${path}: ` : ""}unknown field "${key}"; ${hint}`);
  }
  const found = valueAt(value, issue.path);
  const shown = found === undefined ? "nothing" : JSON.stringify(found);
  throw new InputError(`${where}: ${path || "recipe"}: found ${shown}, ${lowered(issue.message)}`);
}

type Issue = z.core.$ZodIssue;

/** A misspelt field first: the field it should have been is missing, too. */
function deepest(issues: readonly Issue[]): Issue {
  return issues.find(({ code }) => code === "unrecognized_keys") ?? issues[0];
}

function lowered(message: string): string {
  return message
    .replace(/^Invalid (input|option|value): ?/, "")
    .replace(/^Too (small|big): /, "")
    .replace(/, received .*$/, "")
    .replace(/expected number to be >=(\S+)$/, "expected a number of $1 or more")
    .replace(/expected number to be >(\S+)$/, "expected a number above $1")
    .replace(/expected number to be <(\S+)$/, "expected a number below $1");
}

/** The head that a part of a recipe names, `other` where it names none. Throws an InputError for one that there is not. */
export function headOf({ policy }: RecipePart, where: string, other: HeadName = DEFAULT_HEAD): HeadName {
  const head = isRecipePart(policy) ? policy.head : undefined;
  const kind = isRecipePart(head) ? head.kind : undefined;
  if (kind === undefined) return other;
  if ((HEADS as readonly unknown[]).includes(kind)) return kind as HeadName;
  const nearest = typeof kind === "string" && nearestName(kind, HEADS);
  const hint = nearest ? `; did you mean "${nearest}"?` : "";
  throw new InputError(
    `${where}: policy.head.kind: found ${JSON.stringify(kind)}, expected ${HEADS.join(", ")}${hint}`,
  );
}

/** The defaults of encoders and networks of another kind than the head's own. */
const ENCODERS: Readonly<Record<string, RecipePart>> = {
  gru: { kind: "gru", size: 128, layers: 1 },
  transformer: { kind: "transformer", size: 64, layers: 2, heads: 4 },
};
const NETWORKS: Readonly<Record<string, RecipePart>> = {
  mlp: { kind: "mlp", hidden: [256, 256], residual: false },
  "u-net": { kind: "u-net", widths: [32, 64, 128], kernel: 5, time: 32 },
};

/** The defaults, with encoder and network those of the kinds that were chosen. */
export function withChosenKinds(defaults: RecipePart, given: RecipePart, head: HeadName): RecipePart {
  const chosen = isRecipePart(given.policy) ? given.policy : {};
  const kindOf = (part: unknown) => (isRecipePart(part) && typeof part.kind === "string" ? part.kind : undefined);
  const policy = defaults.policy as RecipePart;
  const own = (name: "encoder" | "network", kinds: typeof ENCODERS) => {
    const kind = kindOf(chosen[name]);
    return kind === undefined || kind === kindOf(policy[name]) ? policy[name] : (kinds[kind] ?? { kind });
  };
  return {
    ...defaults,
    policy: { ...policyRecipe(head), ...policy, encoder: own("encoder", ENCODERS), network: own("network", NETWORKS) },
  };
}

/** Whether a value is an object of fields. */
export function isRecipePart(value: unknown): value is RecipePart {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** `over` in place of what `under` has, object by object. */
export function recipeOver(under: RecipePart, over: RecipePart): RecipePart {
  const pairs = Object.entries(over).map(([field, value]) => {
    const below = under[field];
    return [field, isRecipePart(value) && isRecipePart(below) ? recipeOver(below, value) : value];
  });
  return { ...under, ...Object.fromEntries(pairs) };
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (holder, field) =>
      typeof holder === "object" && holder !== null ? (holder as RecipePart)[String(field)] : undefined,
    value,
  );
}

/** The fields that the object at a path may have: of a choice, those of the kind it names. */
function knownFields(recipe: unknown, value: unknown, path: readonly string[]): string[] {
  const kinds = { encoder: encoderSchema, network: networkSchema, head: headSchema } as const;
  const last = path[path.length - 1];
  if (path[path.length - 2] === "policy" && last in kinds) {
    const { kind } = valueAt(value, path) as RecipePart;
    const option = kinds[last as keyof typeof kinds].options.find(({ shape }) => shape.kind.value === kind);
    return Object.keys(option?.shape ?? {});
  }
  let schema: unknown = recipe;
  for (const field of path) schema = inner(schema, field);
  return Object.keys((schema as { shape?: object }).shape ?? {});
}

function inner(schema: unknown, field: string): unknown {
  const { shape, element } = schema as { shape?: Record<string, unknown>; element?: unknown };
  return shape ? shape[field] : element;
}
