/** What the page fetches from the server. */

/** The server said no, or what answered is not the server. */
export class AnswerError extends Error {
  readonly status: number;
  constructor(address: string, status: number, reason: string) {
    super(reason || `${address}: the server answered ${status}`);
    this.status = status;
  }
}

async function answerOf(address: string): Promise<Response> {
  const answer = await fetch(address, { credentials: "same-origin", cache: "no-store" });
  if (answer.ok) return answer;
  const text = await answer.text().catch(() => "");
  throw new AnswerError(address, answer.status, isOneLine(text) ? text.trim() : "");
}

const isOneLine = (text: string): boolean => text.length < 300 && !text.trimStart().startsWith("<");

/** Throws AnswerError for anything but JSON, TypeError where nobody answers. */
export async function fetchJson<Value>(address: string): Promise<Value> {
  const answer = await answerOf(address);
  try {
    return (await answer.json()) as Value;
  } catch {
    throw new AnswerError(address, answer.status, `${address}: found no JSON`);
  }
}

export async function fetchBytes(address: string): Promise<Uint8Array> {
  return new Uint8Array(await (await answerOf(address)).arrayBuffer());
}
