/** The server as a whole: what it is made of, and its beginning and end. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { removeUnfinished } from "../runs/node.ts";
import { createAccess, tokenOf } from "./access.ts";
import { changeTeller } from "./changes.ts";
import { heed, type Parts } from "./conversation.ts";
import { createDownloads } from "./downloads.ts";
import { httpAnswerer } from "./http.ts";
import { createJobs, type Jobs, type JobsOptions } from "./jobs/index.ts";
import { datasetFolder } from "./jobs/policies.ts";
import { openLibrary } from "./library.ts";
import { answerUpgrade, type Listening, type ListeningOptions, listen } from "./listening.ts";
import { takeFolder } from "./lock.ts";
import { pageFiles } from "./page.ts";
import { readPolicyFile } from "./policy-file.ts";
import { createRecordings } from "./recordings.ts";
import { createSockets, SOCKET_LIMITS, type SocketLimits } from "./sockets.ts";
import { STUDIO_TASKS } from "./tasks.ts";

/** `data`, the data folder, is made where there is none. */
export interface StudioOptions extends ListeningOptions {
  /** Whether tasks without data get a policy from scripted demonstrations. */
  readonly firstPolicy: boolean;
  /** Folder of the built page; that of this program where left out. */
  readonly page?: string;
  readonly limits?: Partial<SocketLimits>;
  /** ms after which the file of an episode to which nothing is added is closed. */
  readonly idle?: number;
  readonly makeJobs?: (options: JobsOptions) => Jobs;
  /** Faults of the server's own: it goes on. */
  readonly onFault?: (error: unknown) => void;
}

export interface StudioServer {
  readonly port: number;
  /** Whole, with the token: the first is the one to open here. */
  readonly addresses: readonly string[];
  readonly data: string;
  /** Ends recordings as they are, jobs and connections; waits until all of it has ended. */
  close(): Promise<void>;
}

/** Throws InputError for a host that others reach without TLS, a port that is taken, and what the file system refuses. */
export async function startStudio(options: StudioOptions): Promise<StudioServer> {
  const { data, host } = options;
  const token = tokenOf(data);
  const listening = await listen(options);
  const { http, port, origins } = listening;
  let leave = () => {};
  try {
    leave = await takeFolder(data, { host, port });
    await sweep(data);
    const close = serve(options, listening, token);
    return {
      port,
      addresses: origins.map((origin) => `${origin}/?token=${token}`),
      data,
      async close() {
        await close();
        leave();
      },
    };
  } catch (error) {
    http.close();
    leave();
    throw error;
  }
}

/** Answers what comes; returns what ends that. */
function serve(options: StudioOptions, listening: Listening, token: string): () => Promise<void> {
  const { data, onFault = () => {} } = options;
  const version = programVersion();
  const library = openLibrary(data);
  const downloads = createDownloads();
  const sockets = createSockets({
    limits: { ...SOCKET_LIMITS, ...options.limits },
    heed: (page, message) => heed(parts, page, message),
    onFault,
  });
  const changes = changeTeller((task) => sockets.tell({ kind: "changed", task }));
  const recordings = createRecordings({ library, onChange: changes.note, idle: options.idle });
  const jobs = (options.makeJobs ?? createJobs)({
    data,
    onJob: (job) => sockets.tell({ kind: "job", job }),
    onPolicy: (policy) => {
      sockets.tell({ kind: "policy", policy });
      // Its checksum is taken while it is new; what is wrong with it, whoever asks for it is told.
      const file = jobs.policyFile(policy.task, policy.id);
      if (file !== null) readPolicyFile(file, `policy ${policy.id}`).catch(() => {});
    },
  });
  const parts: Parts = { version, library, recordings, jobs, onChange: (task) => changes.note(task, "episodes") };
  const startFirst = (task: string) => {
    try {
      if (options.firstPolicy) jobs.startFirst(task);
    } catch (error) {
      // Nobody asked for it: whoever looks at the task sees it all the same.
      onFault(error);
    }
  };
  const access = createAccess({ token, ...listening });
  const page = pageFiles(options.page ?? builtPage());
  const { http } = listening;
  http.on("request", httpAnswerer({ version, access, page, library, downloads, jobs, onTask: startFirst, onFault }));
  http.on("upgrade", answerUpgrade(access, sockets));
  startFirst(STUDIO_TASKS[0].name);

  return async () => {
    changes.close();
    downloads.close();
    sockets.close();
    const closed = new Promise<void>((resolve) => http.close(() => resolve()));
    await Promise.all([recordings.close(), jobs.close()]);
    // Sockets have been told; those of HTTP have had their answers.
    http.closeAllConnections();
    await closed;
  };
}

/** What killed servers left half-made. */
async function sweep(data: string): Promise<void> {
  for (const { name } of STUDIO_TASKS) {
    const episodes = join(datasetFolder(data, name), "episodes");
    if (existsSync(episodes)) await removeUnfinished(episodes);
  }
}

function programVersion(): string {
  return JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")).version;
}

/** Beside the built program; for the program's source, where the build puts it. */
function builtPage(): string {
  const folder = import.meta.url.endsWith(".ts") ? "../../dist/studio" : "../studio";
  return fileURLToPath(new URL(folder, import.meta.url));
}
