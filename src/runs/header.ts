/** The JSON header of a safetensors file, read strictly: what two readers could understand differently is refused. */
import { InputError } from "../base/index.ts";
import { oneLine } from "./json.ts";

/**
 * Parses a header to its entries in the order of the text. Throws InputError for what is no UTF-8, no JSON object, has a
 * key twice, a string that is no Unicode text, or a number that is not written as a plain non-negative integer.
 */
export function parseHeader(bytes: Uint8Array, where: string): [name: string, value: unknown][] {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new InputError(`${where}: the header is not valid UTF-8`);
  }
  if (!text.startsWith("{")) {
    throw new InputError(`${where}: the header begins with ${JSON.stringify(text.slice(0, 1))}, expected "{"`);
  }
  let header: object;
  try {
    header = JSON.parse(text);
  } catch (error) {
    throw new InputError(`${where}: the header is not valid JSON: ${oneLine(error)}`);
  }
  checkTokens(text, where);
  return Object.entries(header);
}

/** Goes through the tokens of valid JSON for what JSON.parse lets pass. */
function checkTokens(text: string, where: string): void {
  /** Keys of the open objects, null for an open list, outermost first. */
  const open: (Set<string> | null)[] = [];
  let entry = "";
  for (const [token, quoted, colon, number] of text.matchAll(
    /("(?:[^"\\]|\\.)*")(\s*:)?|[{}[\]]|([-\d.][-+.\deE]*)/g,
  )) {
    if (token === "{") open.push(new Set());
    else if (token === "[") open.push(null);
    else if (token === "}" || token === "]") open.pop();
    else if (number !== undefined && !/^\d+$/.test(number)) {
      throw new InputError(`${where}: the header's entry ${entry} holds ${number}, expected whole numbers from 0 up`);
    } else if (quoted !== undefined) {
      const content: string = JSON.parse(quoted);
      if (!isUnicode(content)) throw new InputError(`${where}: the header's string ${quoted} is not Unicode text`);
      const keys = open.at(-1);
      if (colon === undefined || !keys) continue;
      if (keys.has(content)) throw new InputError(`${where}: the header has the key ${quoted} twice`);
      keys.add(content);
      if (open.length === 1) entry = quoted;
    }
  }
}

/** Whether a string holds no half of a surrogate pair: only such strings have a UTF-8 form. */
export function isUnicode(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}
