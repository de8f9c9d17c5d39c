/** What the server answers over HTTP: the page's files, and what `ADDRESSES` lists. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import { InputError } from "../base/index.ts";
import { EPISODE_ID } from "../datasets/index.ts";
import type { StudioSummary } from "../protocol/index.ts";
import type { Access } from "./access.ts";
import { DOWNLOAD_FORMATS, type DownloadFormat, type Downloads } from "./downloads.ts";
import { SECURITY_HEADERS } from "./headers.ts";
import type { Jobs } from "./jobs/index.ts";
import type { Library } from "./library.ts";
import type { PageFiles } from "./page.ts";
import { readPolicyFile } from "./policy-file.ts";
import { STUDIO_TASKS, studioTask } from "./tasks.ts";

export interface HttpOptions {
  readonly version: string;
  readonly access: Access;
  readonly page: PageFiles;
  readonly library: Library;
  readonly downloads: Downloads;
  readonly jobs: Jobs;
  /** Somebody looks at a task. */
  readonly onTask: (task: string) => void;
  /** A fault of the server's own. */
  readonly onFault: (error: unknown) => void;
}

/** A refusal: its status and one line. */
class Refusal extends Error {
  readonly status: number;
  constructor(status: number, line: string) {
    super(line);
    this.status = status;
  }
}

const absent = (): Refusal => new Refusal(404, "there is nothing at this address");

interface Asked {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
}

/** Answers one request, whatever it is; never throws. */
export function httpAnswerer(options: HttpOptions): (request: IncomingMessage, response: ServerResponse) => void {
  const { onFault } = options;
  return async (request, response) => {
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.setHeader(name, value);
    try {
      await answer(options, request, response);
    } catch (error) {
      // Who asked has gone away: there is nobody to be told.
      if (response.headersSent || response.destroyed) return void response.destroy();
      if (!(error instanceof Refusal) && !(error instanceof InputError)) onFault(error);
      const [status, line] = refusalOf(error);
      sendText(response, status, line);
    }
  };
}

function refusalOf(error: unknown): [status: number, line: string] {
  if (error instanceof Refusal) return [error.status, error.message];
  if (error instanceof InputError) return [422, error.message];
  return [500, "the server failed; its terminal says how"];
}

async function answer(options: HttpOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { access } = options;
  const url = urlOf(request);
  const isPage = url.pathname === "/";
  const refused = access.refusal(request, isPage ? "page" : "data");
  if (refused !== null) throw new Refusal(403, refused);
  if (request.method !== "GET" && request.method !== "HEAD") {
    response.setHeader("Allow", "GET, HEAD");
    throw new Refusal(405, `method: found ${request.method}, expected GET`);
  }
  const token = url.searchParams.get("token");
  if (isPage && token !== null && access.isToken(token)) return welcome(access, { request, response, url });
  if (!access.isKnown(request)) return isPage ? sendStranger(response) : sendText(response, 401, STRANGER_LINE);
  if (url.pathname.startsWith("/api/")) return answerData(options, { request, response, url });
  return sendFile(options.page, { request, response, url });
}

function urlOf({ url = "/" }: IncomingMessage): URL {
  try {
    return new URL(url, "http://studio");
  } catch {
    throw new Refusal(400, "address: found no address");
  }
}

/** Gives the cookie, and leads to the address without the token. */
function welcome({ setCookie }: Access, { request, response }: Asked): void {
  response.setHeader("Set-Cookie", setCookie);
  response.setHeader("Cache-Control", "no-store");
  const site = request.headers["sec-fetch-site"];
  if (site === undefined || site === "none" || site === "same-origin") {
    response.writeHead(303, { Location: "/" }).end();
    return;
  }
  // Where another page led here, a redirect would not carry a strict cookie; what our own page leads to does.
  sendHtml(response, 200, `<meta http-equiv="refresh" content="0; url=/"><p><a href="/">The studio</a></p>`);
}

const STRANGER_LINE = "the studio does not know this browser: open the address that it printed in its terminal";

const sendStranger = (response: ServerResponse): void =>
  sendHtml(
    response,
    401,
    `<h1>The studio does not know this browser</h1>
<p>Open the address that <code>apprentice studio</code> printed in its terminal: it ends in <code>/?token=…</code>
and needs to be opened once.</p>
<p>If you have done so already: <a href="/">go on to the studio</a>.</p>`,
  );

const PAGE_MISSING = `<h1>The studio's page has not been built</h1>
<p>Build it with <code>npm run build</code>, then load this page again.</p>`;

function sendHtml(response: ServerResponse, status: number, body: string): void {
  const text = `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark"><title>Apprentice studio</title>${body}</html>`;
  response.writeHead(status, { "Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store" }).end(text);
}

function sendText(response: ServerResponse, status: number, line: string): void {
  response.writeHead(status, { "Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store" });
  response.end(`${line}\n`);
}

function sendJson(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { "Content-Type": "application/json; charset=utf-8", "Cache-Control": "no-store" });
  response.end(JSON.stringify(value));
}

async function sendFile(page: PageFiles, { request, response, url }: Asked): Promise<void> {
  const file = await page.find(pathOf(url));
  if (!file) {
    if (url.pathname === "/") return sendHtml(response, 503, PAGE_MISSING);
    throw absent();
  }
  response.setHeader("Cache-Control", file.isForever ? "private, max-age=31536000, immutable" : "private, no-cache");
  response.setHeader("ETag", file.tag);
  response.setHeader("Vary", "Accept-Encoding");
  if (request.headers["if-none-match"]?.split(/\s*,\s*/).includes(file.tag)) return void response.writeHead(304).end();
  // This machine reads faster than it unpacks.
  const isFar = !/^(::ffff:)?127\.|^::1$/.test(request.socket.remoteAddress ?? "");
  const packs = isFar && /\bgzip\b/.test(request.headers["accept-encoding"] ?? "");
  const packed = packs ? await file.packed() : null;
  if (packed) response.setHeader("Content-Encoding", "gzip");
  const content = packed ?? file.content;
  response.writeHead(200, { "Content-Type": file.type, "Content-Length": content.length });
  response.end(request.method === "HEAD" ? undefined : content);
}

/** Decoded once; what does not decode is no address of ours. */
function pathOf({ pathname }: URL): string {
  try {
    return decodeURIComponent(pathname);
  } catch {
    throw absent();
  }
}

async function answerData(options: HttpOptions, asked: Asked): Promise<void> {
  const { response, url } = asked;
  if (asked.request.method === "HEAD") throw new Refusal(405, "method: found HEAD, expected GET");
  const [, , area, task, what, id, ...rest] = pathOf(url).split("/");
  if (area === "studio" && task === undefined) return sendJson(response, await studioSummary(options));
  if (area !== "tasks" || task === undefined || !studioTask(task)) throw absent();
  // Policies are named likewise: nothing from outside leads out of a folder.
  if (id !== undefined && !EPISODE_ID.test(id)) throw absent();
  return answerTask(options, asked, { task, what, id, rest });
}

interface Place {
  readonly task: string;
  readonly what: string | undefined;
  readonly id: string | undefined;
  readonly rest: readonly string[];
}

async function answerTask(options: HttpOptions, asked: Asked, { task, what, id, rest }: Place): Promise<void> {
  const { library, downloads, jobs, onTask } = options;
  const { response, url } = asked;
  if (what === "policies" && id !== undefined && rest.length === 1 && rest[0] === "policy.onnx") {
    return sendPolicy(jobs, asked, { task, id });
  }
  if (rest.length > 0) throw absent();
  if (what === "episodes" && id !== undefined) {
    const detail = await library.detail(task, id);
    if (!detail) throw new Refusal(404, `there is no episode ${id} of ${task} here`);
    return sendJson(response, detail);
  }
  if (id !== undefined) throw absent();
  switch (what) {
    case "episodes":
      return sendJson(response, await library.list(task));
    case "findings":
      return sendJson(response, await downloads.findings(await library.existing(task)));
    case "policies":
      onTask(task);
      return sendJson(response, jobs.policies(task));
    case "dataset":
      return sendDataset(options, asked, { task, format: formatOf(url) });
    default:
      throw absent();
  }
}

async function studioSummary({ version, library, jobs }: HttpOptions): Promise<StudioSummary> {
  const tasks = STUDIO_TASKS.map(async ({ name, description }) => ({
    name,
    description,
    // A dataset that cannot be opened says so where it is used.
    episodes: await library.count(name).catch(() => 0),
  }));
  return {
    version,
    tasks: await Promise.all(tasks),
    jobs: jobs.jobs(),
    policies: jobs.policies(),
    heads: jobs.heads,
  };
}

function formatOf({ searchParams }: URL): DownloadFormat {
  const found = searchParams.get("format");
  const format = DOWNLOAD_FORMATS.find((one) => one === found);
  if (format) return format;
  throw new Refusal(400, `format: found ${JSON.stringify(found)}, expected one of ${DOWNLOAD_FORMATS.join(", ")}`);
}

async function sendDataset(
  { library, downloads }: HttpOptions,
  { response }: Asked,
  { task, format }: { task: string; format: DownloadFormat },
): Promise<void> {
  const store = await library.existing(task);
  if (!store) throw new Refusal(404, `there are no episodes of ${task} here yet`);
  const download = await downloads.make(store, format);
  try {
    response.writeHead(200, {
      "Content-Type": download.type,
      "Content-Disposition": `attachment; filename="${download.name}"`,
      "Cache-Control": "no-store",
    });
    await pipeline(download.content, response);
  } finally {
    download.close();
  }
}

/** Checked before it is sent: a page that runs a broken file could say only that it does not run, or not even that. */
async function sendPolicy(jobs: Jobs, { response }: Asked, { task, id }: { task: string; id: string }): Promise<void> {
  const file = jobs.policyFile(task, id);
  if (file === null) throw new Refusal(404, `there is no policy ${id} of ${task} here`);
  const content = await readPolicyFile(file, `policy ${id}`);
  response.writeHead(200, {
    "Content-Type": "application/octet-stream",
    "Content-Length": content.length,
    "Cache-Control": "no-store",
  });
  response.end(content);
}
