/** The engine against PyTorch: for each row and thread count both are timed in turn, in one run. */
import { nodeRuntime, type Runtime } from "../../src/index.ts";
import { boundsOf, type Rates, ratesOf } from "./bounds.ts";
import type { Peer } from "./peer.ts";
import type { Row, Subject } from "./rows.ts";
import { countFor, inTurn, median, quantile } from "./timing.ts";

/** One line of the table; times in ms per update or call. */
export interface Result {
  readonly name: string;
  readonly threads: number;
  /** Medians. */
  readonly ours: number;
  readonly theirs: number | null;
  /** theirs / ours. */
  readonly ratio: number | null;
  readonly aim: number | null;
  readonly parameters: number;
  readonly plan: string | null;
  readonly best: { readonly ours: number; readonly theirs: number | null };
  /** For rows of single calls: the time that 99 of 100 stay below. */
  readonly p99: { readonly ours: number; readonly theirs: number | null } | null;
  /** What the row runs into, the time that this takes alone, and how much of our time that is. */
  readonly bound?: string;
  readonly boundMs?: number;
  readonly ofBound?: number;
  readonly bounds?: Readonly<Record<string, number>>;
  /** Which of PyTorch's optimizers was the fastest. */
  readonly variant: string | null;
}

export interface Schedule {
  /** Milliseconds of one side's turn, and number of turns. */
  readonly turn: number;
  readonly turns: number;
  /** Whether the bounds are measured too. */
  readonly bounds: boolean;
}

const FEWEST_CALLS = 100;

export async function measureRow(
  row: Row,
  threads: number,
  peer: Peer | null,
  { turn, turns, bounds }: Schedule,
  request: Readonly<Record<string, number | string>> = { row: row.name },
): Promise<Result> {
  const runtime = nodeRuntime({ threads });
  const subject = await row.open(runtime);
  const least = row.latency ? Math.ceil(FEWEST_CALLS / turns) : 3;
  const count = Math.max(least, await countFor(subject.time, turn));
  const ask = (updates: number) => peer!.time({ ...request, threads, updates });
  const first = peer && (await ask(3));
  if (first && first.parameters !== subject.parameters) {
    throw new Error(`${row.name}: ours has ${subject.parameters} parameters, PyTorch's ${first.parameters}`);
  }
  const theirCount = first && Math.max(least, Math.ceil(turn / 1000 / median(first.seconds)));
  const sides = [() => subject.time(count)];
  if (theirCount) sides.push(async () => (await ask(theirCount)).seconds.map((seconds) => 1000 * seconds));
  const [ours, theirs] = await inTurn(sides, turns);
  const bound = bounds ? await boundOf(subject, runtime, threads) : null;
  await subject.close();
  const of = (statistic: (times: readonly number[]) => number) => ({
    ours: rounded(statistic(ours)),
    theirs: theirs ? rounded(statistic(theirs)) : null,
  });
  const middle = of(median);
  return {
    name: row.name,
    threads,
    ...middle,
    ratio: theirs ? Number((median(theirs) / median(ours)).toFixed(3)) : null,
    aim: row.aim,
    parameters: subject.parameters,
    plan:
      subject.plan && (subject.plan.path === "kernel" ? "kernel" : `in graph, ${subject.plan.updatesPerCall} a call`),
    best: of((times) => Math.min(...times)),
    p99: row.latency ? of((times) => quantile(times, 0.99)) : null,
    variant: first && [first.adam, first.ema].filter((name) => name !== null).join(", "),
    ...(bound && { ...bound, ofBound: rounded(bound.boundMs / middle.ours) }),
  };
}

const ratesByThreads = new Map<number, Rates>();

async function boundOf({ program, parameters, plan }: Subject, runtime: Runtime, threads: number) {
  const rates = ratesByThreads.get(threads) ?? ratesOf(runtime);
  ratesByThreads.set(threads, rates);
  // Adam reads the gradient, reads and writes parameters and two moments; the steps of sampling read all weights
  const work = { program, parameters, optimizerPasses: plan ? 7 : 0, weightPasses: plan ? 3 : 16 };
  const { bound, boundMs, bounds } = await boundsOf(work, rates);
  const each = Object.fromEntries(Object.entries(bounds).map(([name, ms]) => [name, rounded(ms)]));
  return { bound, boundMs: rounded(boundMs), bounds: each };
}

/** Four significant digits. */
export const rounded = (value: number): number => Number(value.toPrecision(4));
