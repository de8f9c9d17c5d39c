/** Serves one policy: plans before draws, which are cut into pieces so that no plan waits longer than one of them takes. */
import { actionScale, InputError, joined, openPolicy, type PolicyActor, type Runtime } from "apprentice";
import { lineOf } from "../one-line.ts";
import type { FromPolicy, ToPolicy } from "./policy-messages.ts";

export interface PolicyServerPorts {
  readonly runtime: () => Promise<Runtime>;
  readonly post: (message: FromPolicy) => void;
  /** Lets messages in that have come meanwhile. */
  readonly breathe: () => Promise<void>;
  /** Monotonic, ms. */
  readonly now: () => number;
}

/** The first runs of a model are slow (WebAssembly is compiled twice): so many, or for so many ms, before it is offered. */
const WARM_UP = { runs: 30, ms: 400 };

type Job = Exclude<ToPolicy, { kind: "open" }>;

export function createPolicyServer({ runtime, post, breathe, now }: PolicyServerPorts): (message: ToPolicy) => void {
  let actor: PolicyActor | null = null;
  const plans: Extract<Job, { kind: "plan" }>[] = [];
  const draws: { readonly job: Extract<Job, { kind: "draw" }>; readonly chunks: Float32Array[]; drawn: number }[] = [];
  let isWorking = false;

  async function open({ bytes, where }: Extract<ToPolicy, { kind: "open" }>): Promise<void> {
    try {
      const scale = actionScale(bytes, where);
      const opened = await openPolicy(await runtime(), bytes, where);
      await warmUp(opened);
      actor = opened;
      post({ kind: "opened", metadata: opened.metadata, scale });
    } catch (error) {
      post({ kind: "refused", text: error instanceof InputError ? lineOf(error) : `${where}: ${lineOf(error)}` });
    }
  }

  async function warmUp({ draw, batch, metadata }: PolicyActor): Promise<void> {
    const { horizons, observation, noiseSize } = metadata;
    const history = new Float32Array(batch * horizons.observationHorizon * observation.names.length);
    const noises = new Float32Array(batch * noiseSize);
    const began = now();
    for (let run = 0; run < WARM_UP.runs && now() - began < WARM_UP.ms; run++) await draw(history, noises);
  }

  async function work(): Promise<void> {
    if (isWorking || !actor) return;
    isWorking = true;
    for (;;) {
      const plan = plans.shift();
      if (plan) {
        await answer(plan);
      } else if (draws.length > 0) {
        await drawPiece(draws[0]);
        await breathe();
      } else {
        break;
      }
    }
    isWorking = false;
  }

  const fail = ({ id }: Job, error: unknown) =>
    post({ kind: "failed", id, text: error instanceof Error ? error.message : String(error) });

  async function answer(plan: (typeof plans)[number]): Promise<void> {
    try {
      const chunks = await (actor as PolicyActor).plan(plan.histories, plan.keys);
      post({ kind: "chunks", id: plan.id, chunks });
    } catch (error) {
      fail(plan, error);
    }
  }

  /** As many rows as the file plans at once. */
  async function drawPiece(draw: (typeof draws)[number]): Promise<void> {
    const { job, chunks } = draw;
    const { batch, metadata, draw: run } = actor as PolicyActor;
    const { noiseSize } = metadata;
    const rows = Math.min(batch, job.noises.length / noiseSize - draw.drawn);
    const histories = new Float32Array(rows * job.history.length);
    for (let row = 0; row < rows; row++) histories.set(job.history, row * job.history.length);
    const noises = job.noises.subarray(draw.drawn * noiseSize, (draw.drawn + rows) * noiseSize);
    try {
      chunks.push(await run(histories, noises));
    } catch (error) {
      draws.shift();
      fail(job, error);
      return;
    }
    draw.drawn += rows;
    if (draw.drawn * noiseSize < job.noises.length) return;
    draws.shift();
    post({ kind: "chunks", id: job.id, chunks: joined(Float32Array, chunks) });
  }

  return (message) => {
    if (message.kind === "open") {
      void open(message).then(work);
      return;
    }
    if (message.kind === "plan") plans.push(message);
    else draws.push({ job: message, chunks: [], drawn: 0 });
    void work();
  };
}
