/** What JSON can hold, and the refusal of what it would silently change. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json | undefined };

/**
 * `value` as JSON text; fields that are undefined are left out. Throws where JSON would lose something: numbers that are
 * not finite, bigints, functions, typed arrays and other instances of classes (the message names `what` and the path).
 * -0 is written as 0; every other finite number is read back bit for bit.
 */
export function jsonText(value: object | Json, what: string, indent?: number): string {
  checkStorable(value, what);
  return JSON.stringify(value, null, indent);
}

function checkStorable(value: unknown, path: string): void {
  if (value === null || typeof value === "boolean" || typeof value === "string") return;
  if (typeof value === "number" && Number.isFinite(value)) return;
  if (Array.isArray(value)) {
    // Not forEach: it would pass over holes, which JSON turns into null.
    for (let index = 0; index < value.length; index++) checkStorable(value[index], `${path}[${index}]`);
  } else if (isPlain(value)) {
    for (const [name, child] of Object.entries(value)) {
      if (child !== undefined) checkStorable(child, `${path}.${name}`);
    }
  } else {
    const found =
      typeof value === "object" ? Object.prototype.toString.call(value) : `${typeof value} ${String(value)}`;
    throw new Error(`${path}: found ${found}, which JSON cannot hold`);
  }
}

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null || "toJSON" in value) return false;
  return Object.prototype.toString.call(value) === "[object Object]";
}

/** Why a JSON parser refused, on one line whatever the text held. */
export function oneLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, " ");
}
