/** What is made of each message of a page. */
import { isFull, unusable } from "../base/index.ts";
import { type ClientMessage, fromBase64 } from "../protocol/index.ts";
import type { Jobs } from "./jobs/index.ts";
import type { Library } from "./library.ts";
import type { Held, Recordings } from "./recordings.ts";
import type { Page } from "./sockets.ts";

export interface Parts {
  readonly version: string;
  readonly library: Library;
  readonly recordings: Recordings;
  readonly jobs: Jobs;
  /** Episodes of a task were annotated. */
  readonly onChange: (task: string) => void;
}

/** Does what a page says, and answers it. Throws InputError for what is refused. */
export async function heed(parts: Parts, page: Page, message: ClientMessage): Promise<void> {
  try {
    await heedPlainly(parts, page, message);
  } catch (error) {
    throw isFull(error) ? unusable(message.kind, "kept", error) : error;
  }
}

async function heedPlainly(
  { version, library, recordings, jobs, onChange }: Parts,
  page: Page,
  message: ClientMessage,
): Promise<void> {
  const tell = (task: string, episode: string, held: Held) => page.say({ kind: "held", task, episode, ...held });
  switch (message.kind) {
    case "hello":
      page.operator = message.operator;
      page.say({ kind: "welcome", version });
      return;
    case "episode": {
      const { task, episode, start } = message;
      return tell(task, episode, await recordings.begin(task, episode, fromBase64(start)));
    }
    case "steps": {
      const { task, episode, from, steps } = message;
      return tell(task, episode, await recordings.add(task, episode, from, steps.map(fromBase64)));
    }
    case "end": {
      const { task, episode, steps, end } = message;
      return tell(task, episode, await recordings.end(task, episode, steps, fromBase64(end)));
    }
    case "annotate":
      if (await library.annotate(message.task, message.annotations, page.operator)) onChange(message.task);
      return;
    case "train": {
      const { kind: _, ...request } = message;
      jobs.train(request);
      return;
    }
    case "stop":
      jobs.stop(message.job);
      return;
    default:
      message satisfies never;
  }
}
