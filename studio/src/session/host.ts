/**
 * What the session's worker does, whatever it runs on: hears the page, opens sessions and policies, keeps the clock, records,
 * and says what is to be seen. Nothing that takes time stands between two control steps.
 */
import {
  type Clock,
  type ClockPorts,
  findTask,
  InputError,
  type Lateness,
  type LivePolicy,
  type LiveSession,
  openSession,
  type SessionObserver,
  startClock,
  type World,
} from "apprentice";
import type { Outside } from "../link/connection.ts";
import { type Link, openLink } from "../link/upload.ts";
import type { EpisodeLog } from "../log/episode-log.ts";
import type { Journal } from "../log/journal.ts";
import { lineOf } from "../one-line.ts";
import { postFans } from "./fan.ts";
import type { FromSession, PolicyFile, SessionOptions, ToSession } from "./messages.ts";
import { episodeId, seedSource } from "./names.ts";
import { checkFits, closePolicies, type Driver, driverOf } from "./policies.ts";
import type { OpenPolicy } from "./policy-client.ts";
import { createRecorder } from "./recorder.ts";

export interface HostPorts {
  post(message: FromSession): void;
  readonly clock: ClockPorts;
  /** ms since 1970 at which the clock's `now` was 0. */
  readonly timeOrigin: number;
  /** Rejects where the browser gives this page no files. */
  openJournal(): Promise<Journal>;
  readonly outside: Outside;
  /** Rejects with an InputError of one line for what is no policy. */
  openPolicy(file: PolicyFile): Promise<OpenPolicy>;
  /** Calls again and again, every so many ms; answers what ends that. */
  every(ms: number, call: () => void): () => void;
  random(): number;
  /** Nothing more will come of this host: it has been left, and is closed. */
  exit(): void;
}

export interface Host {
  hear(message: ToSession): void;
  /** Ends the session, and lets go of the log. */
  close(): Promise<void>;
}

/** ms between two waits for the disk, and between two words about the log. */
const FLUSH = 1000;
const TELL = 250;

interface Running {
  readonly session: LiveSession;
  readonly clock: Clock;
  readonly drivers: Map<LivePolicy, Driver>;
  readonly world: World;
}

export function createHost(ports: HostPorts): Host {
  const { post, clock: clockPorts, timeOrigin, random } = ports;
  const nextSeed = seedSource(random);
  let journal: Journal | null = null;
  let link: Link | null = null;
  let running: Running | null = null;
  let operator = "";
  /** While a session is being opened or closed, what the page says waits. */
  let opening: Promise<void> | null = null;
  const waiting: ToSession[] = [];
  /** The newest policy that is being opened: an older one that is ready after it is not wanted any more. */
  let swap = 0;
  let wantsFan = false;
  let isLeaving = false;
  let lastTold: string | null = null;
  /** Logs that are to be brought to the disk soon. */
  const due = new Set<EpisodeLog>();
  let isFlushFailing = false;
  let isFullTold = false;

  const problem = (text: string, fatal = false) => post({ kind: "problem", text, fatal });
  const wallTime = () => (timeOrigin + clockPorts.now()) / 1000;

  const tellLog = () => {
    if (!link) return;
    const message = { kind: "log", ...link.counts(), server: link.server } as const;
    const text = JSON.stringify(message);
    if (text !== lastTold) post(message);
    lastTold = text;
  };
  const note = (isWritten: boolean) => {
    if (!isWritten && !isFlushFailing) {
      problem("The disk fails: what was recorded last may be lost if the computer stops.");
    }
    isFlushFailing = !isWritten;
  };
  const flush = () => {
    due.clear();
    if (journal) note(journal.flush());
  };
  /** Waiting for the disk takes some ms for each file: one after a step, when the next step is furthest away. */
  const flushOne = () => {
    const [log] = due;
    if (!log) return;
    due.delete(log);
    try {
      log.flush();
      note(true);
    } catch {
      note(false);
    }
  };
  const endFlushing = ports.every(FLUSH, () => {
    for (const log of journal?.logs ?? []) if (log.isDirty) due.add(log);
    if (!running) flush();
  });
  const endTelling = ports.every(TELL, () => {
    tellLog();
    if (isLeaving && !opening && (!link || link.isSettled)) void close().then(ports.exit);
  });

  const full = () => {
    running?.session.lost();
    // Of nine worlds all nine have a step that does not fit.
    if (isFullTold) return;
    isFullTold = true;
    problem("The disk is full, so the world stands. Nothing recorded is lost: make room, then go on.");
  };

  let preparing: Promise<Journal> | null = null;
  /** The log, and the link, which sends what pages before this one have left. */
  const prepare = (): Promise<Journal> => {
    preparing ??= ports.openJournal().then(
      (opened) => {
        journal = opened;
        link = openLink(opened, ports.outside, problem, { operator });
        return opened;
      },
      (error: unknown) => {
        preparing = null;
        throw new InputError(`This browser gives the page no files, so nothing can be recorded: ${lineOf(error)}`);
      },
    );
    return preparing;
  };
  const greet = (name: string) => {
    operator = name;
    link?.hello(name);
    // Where there are no files, opening a session says so.
    prepare().catch(() => {});
  };

  async function open(options: SessionOptions): Promise<void> {
    await end();
    greet(options.operator);
    let driver: Driver | null = null;
    try {
      const log = await prepare();
      const { makeEnvironment, name: task } = findTask(options.task);
      const makeWorld = makeEnvironment as () => World;
      // Two for each world: one that is left, and one that begins.
      await log.reserve(2 * options.lanes).catch(() => {
        throw new InputError("The disk is full: there is no room to record an episode.");
      });
      const world = makeWorld();
      if (options.policy && options.part === "watch") driver = driverOf(await openFile(options.policy, world));
      await begin(log, options, { makeWorld, world, task, driver });
    } catch (error) {
      driver?.close();
      problem(lineOf(error), true);
    }
  }

  async function openFile(file: PolicyFile, world: World): Promise<OpenPolicy> {
    const policy = await ports.openPolicy(file);
    try {
      checkFits(policy, world.spec);
    } catch (error) {
      policy.close();
      throw error;
    }
    return policy;
  }

  async function begin(
    log: Journal,
    { part, lanes, fork }: SessionOptions,
    { makeWorld, world, task, driver }: Beginning,
  ): Promise<void> {
    const drivers = new Map<LivePolicy, Driver>(driver ? [[driver.live, driver]] : []);
    const recorder = createRecorder(
      log,
      { logged: () => link?.logged(), ended: (log) => due.add(log), full },
      { task, wallTime },
    );
    const observer: SessionObserver = {
      ...recorder,
      closed(episode) {
        recorder.closed(episode);
        const { id, steps, success, interventions } = episode;
        post({ kind: "episode", episode: id, steps, success, interventions });
      },
      viewed: (view, { at, late }) => post({ kind: "tick", ...view, at: timeOrigin + at, late }),
      swapped: ({ version }) => post({ kind: "swapped", version: version ?? "" }),
      released(policy) {
        drivers.get(policy)?.close();
        drivers.delete(policy);
      },
      problem(text, fatal) {
        problem(text, fatal);
        if (fatal) running?.clock.stop();
      },
    };
    const { spec } = world;
    const session = await openSession({
      ...{ makeWorld, part, lanes, operator, policy: driver?.live ?? null, nextSeed, observer },
      ...(fork && { fork }),
      makeId: () => episodeId(operator, new Date(timeOrigin + clockPorts.now()), random),
    });
    const { action, controlRate, maxSteps } = spec;
    post({ kind: "opened", controlRate, maxSteps, action });
    const postFan = postFans(post);
    const tick = async (moment: Lateness) => {
      await session.tick(moment);
      try {
        if (wantsFan) postFan(session, drivers);
        flushOne();
      } catch (error) {
        // The clock goes on.
        problem(lineOf(error));
      }
    };
    running = { session, drivers, world, clock: startClock(controlRate, tick, clockPorts) };
  }

  async function end(): Promise<void> {
    swap += 1;
    const ended = running;
    running = null;
    if (!ended) return;
    ended.clock.stop();
    await ended.session.close();
    closePolicies(ended.drivers);
    flush();
    tellLog();
  }

  async function change({ policy: file, when }: Extract<ToSession, { kind: "swap" }>): Promise<void> {
    const session = running;
    if (!session) return;
    const number = ++swap;
    let policy: OpenPolicy;
    try {
      policy = await openFile(file, session.world);
    } catch (error) {
      if (number === swap) problem(`The policy stays what it was: ${lineOf(error)}`);
      return;
    }
    if (number !== swap || session !== running) return policy.close();
    const driver = driverOf(policy);
    session.drivers.set(driver.live, driver);
    session.session.swap(driver.live, when);
  }

  /** Whether the world may go on: what the disk refused is written first. */
  const mayGoOn = () => {
    if (!journal?.isFull || journal.retry()) {
      isFullTold = false;
      return true;
    }
    problem("The disk is still full: make room, then go on.");
    return false;
  };

  const heed: { readonly [Kind in Heeded["kind"]]: (running: Running, message: Said<Kind>) => void } = {
    input: ({ session }, { action }) => session.input(action),
    request({ session }, { request }) {
      if (request === "pause") {
        session.lost();
        flush();
      } else if (mayGoOn()) {
        session.request(request);
      }
    },
    shadow: ({ session }, { on }) => session.shadow(on),
    rewind: ({ session }, { on }) => session.rewind(on),
    speed: ({ clock }, { factor }) => clock.speed(factor),
    next: ({ session }, options) => session.next(options),
    mark: ({ session }, { success }) => session.mark(success),
    swap: (_, message) => void change(message),
    focus: ({ session }, { lane }) => session.focus(lane),
    fan() {},
    operator: ({ session }, { name }) => session.operator(name),
  };

  function hear(message: ToSession): void {
    if (opening) {
      waiting.push(message);
      return;
    }
    if (message.kind !== "open" && message.kind !== "close" && message.kind !== "leave") {
      if (message.kind === "operator") greet(message.name);
      if (message.kind === "fan") wantsFan = message.on;
      try {
        if (running) (heed[message.kind] as (running: Running, message: Heeded) => void)(running, message);
      } catch (error) {
        problem(lineOf(error));
      }
      return;
    }
    isLeaving = message.kind === "leave";
    opening = (message.kind === "open" ? open(message) : end()).finally(() => {
      opening = null;
      for (const next of waiting.splice(0)) hear(next);
    });
  }

  async function close(): Promise<void> {
    endFlushing();
    endTelling();
    await opening;
    await end();
    await preparing?.catch(() => {});
    link?.close();
    await journal?.close();
  }

  return { hear, close };
}

/** What the page says while a session runs. */
type Heeded = Exclude<ToSession, { kind: "open" | "close" | "leave" }>;
type Said<Kind extends Heeded["kind"]> = Extract<Heeded, { kind: Kind }>;

interface Beginning {
  readonly makeWorld: () => World;
  /** One of them, for its spec. */
  readonly world: World;
  readonly task: string;
  readonly driver: Driver | null;
}
