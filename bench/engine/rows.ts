/**
 * The rows of the engine bench: the networks, losses, data and optimizers of `networks.py` and `peer.py`, in ours. What is
 * timed is what ships: `createTrainer` with the plan it chooses itself, and policies' programs with constant weights.
 */
import {
  adam,
  adamw,
  createTrainer,
  ddimSample,
  diffusionLoss,
  l2Head,
  leadingTimes,
  mixtureHead,
  nn,
  type OptimizerRecipe,
  type Plan,
  type Problem,
  powerEma,
  type Runtime,
  randomKey,
  randomStream,
  squaredCosine,
  tensor,
  toOnnx,
} from "../../src/index.ts";
import { type ChunkDenoiser, perceptronDenoiser, uNetDenoiser } from "./denoisers.ts";

const RESIDENT = 25_600;
const HORIZON = 16;
const ACTION = 2;
const CONDITION = 40;
const DIFFUSION_STEPS = 100;
const DDIM_STEPS = 16;

/** A row that is ready to be timed. */
export interface Subject {
  readonly parameters: number;
  /** How the updates are carried out; null for a sampling row. */
  readonly plan: Plan | null;
  /** What an update or a call computes, without the optimizer: what the bounds are counted on. */
  readonly program: tensor.Program;
  /** Milliseconds per update of a training row, per call of a sampling row; `count` is of updates or calls. */
  time(count: number): Promise<number[]>;
  close(): Promise<void>;
}

export interface Row {
  readonly name: string;
  /** The ratio to reach. */
  readonly aim: number | null;
  /** Whether single calls are timed, and their slowest matter. */
  readonly latency: boolean;
  readonly open: (runtime: Runtime, plan?: Plan) => Promise<Subject>;
}

/** Numbers between -1 and 1, the same in every run. */
function numbers(count: number, seed: number): Float32Array<ArrayBuffer> {
  const stream = randomStream(randomKey(seed));
  return Float32Array.from({ length: count }, () => 2 * stream.uniform() - 1);
}

interface Training {
  readonly network: Pick<nn.Layer, "parameters">;
  readonly columns: Readonly<Record<string, readonly number[]>>;
  readonly loss: Problem["loss"];
  readonly batch: number;
  readonly optimizer: OptimizerRecipe;
}

async function openTraining(training: Training, runtime: Runtime, plan?: Plan): Promise<Subject> {
  const { network, loss, batch, optimizer } = training;
  const columns = Object.fromEntries(
    Object.entries(training.columns).map(([name, shape], index) => {
      const full = [RESIDENT, ...shape];
      const data = numbers(
        full.reduce((a, b) => a * b),
        index,
      );
      return [name, { shape: full, dtype: "float32", data } as const];
    }),
  );
  const problem: Problem = { parameters: network.parameters, columns, exampleCount: RESIDENT, loss };
  const trainer = await createTrainer({ problem, optimizer, batchSize: batch, seed: 0, runtime, plan });
  const perCall = trainer.plan.path === "in-graph" ? trainer.plan.updatesPerCall : 1;
  return {
    parameters: nn.parameterCount(network.parameters),
    plan: trainer.plan,
    program: gradientProgram(problem, batch),
    async time(count) {
      const times: number[] = [];
      for (let updates = 0; updates < count; updates += perCall) {
        const start = performance.now();
        await trainer.advance(perCall);
        times.push((performance.now() - start) / perCall);
      }
      return times;
    },
    close: () => trainer.close(),
  };
}

function gradientProgram({ parameters: specs, columns: data, loss }: Problem, batch: number): tensor.Program {
  const inputs = Object.entries(specs).map(([path, { shape }]) => tensor.input(path, shape));
  const columns = Object.entries(data).map(([name, { shape }]) => tensor.input(`data.${name}`, shape));
  const examples = tensor.input("examples", [batch], "int32");
  const key = tensor.input("key", [2], "uint32");
  const value = loss({
    parameters: Object.fromEntries(inputs.map((node) => [node.attributes.name, node])),
    columns: Object.fromEntries(Object.keys(data).map((name, index) => [name, columns[index]])),
    examples,
    key,
  });
  const gradients = tensor.gradient(value, inputs);
  const outputs = Object.fromEntries(gradients.map((gradient, index) => [`gradient${index}`, gradient]));
  return tensor.simplify(tensor.program([...inputs, ...columns, examples, key], { loss: value, ...outputs }));
}

/** MLP 14-width-width-7 with ReLU, L2, Adam. */
export function regression(width: number, batch: number): Training {
  const network = nn.mlp({ sizes: [14, width, width, 7], activation: "relu" });
  const head = l2Head({ actionSize: 7 });
  return {
    network,
    columns: { observation: [14], action: [7] },
    loss: ({ parameters, columns: { observation, action }, examples }) =>
      head.loss(network.apply(parameters, tensor.gather(observation, examples)), tensor.gather(action, examples)),
    batch,
    optimizer: adam({ schedule: { kind: "constant", rate: 1e-3 } }),
  };
}

function mixture(): Training {
  const head = mixtureHead({ actionSize: 7, modes: 5 });
  const network = nn.mlp({ sizes: [40, 1024, 1024, head.outputSize], activation: "relu" });
  return {
    network,
    columns: { observation: [40], action: [7] },
    loss: ({ parameters, columns: { observation, action }, examples }) =>
      head.loss(network.apply(parameters, tensor.gather(observation, examples)), tensor.gather(action, examples)),
    batch: 100,
    optimizer: adam({ schedule: { kind: "constant", rate: 1e-4 } }),
  };
}

function diffusion(denoiser: ChunkDenoiser, batch: number): Training {
  const schedule = squaredCosine(DIFFUSION_STEPS);
  return {
    network: denoiser,
    columns: { chunk: [HORIZON * ACTION], condition: [CONDITION] },
    loss: ({ parameters, columns, examples, key }) => {
      const condition = tensor.gather(columns.condition, examples);
      const chunk = tensor.gather(columns.chunk, examples);
      const denoise = (x: tensor.Tensor, t: tensor.Tensor) => denoiser.predict(parameters, { x, t, condition });
      return diffusionLoss(denoise, { chunk, key, schedule });
    },
    batch,
    optimizer: adamw({
      schedule: { kind: "constant", rate: 1e-4 },
      beta1: 0.95,
      beta2: 0.999,
      epsilon: 1e-8,
      weightDecay: 1e-6,
      ema: powerEma,
    }),
  };
}

async function openSampling(denoiser: ChunkDenoiser, batch: number, runtime: Runtime): Promise<Subject> {
  const schedule = squaredCosine(DIFFUSION_STEPS);
  const times = leadingTimes(DDIM_STEPS, DIFFUSION_STEPS);
  const initial = nn.initialise(denoiser.parameters, randomKey(0));
  const parameters = Object.fromEntries(
    Object.entries(initial).map(([path, data]) => [path, tensor.constant(data, denoiser.parameters[path].shape)]),
  );
  const noise = tensor.input("noise", [batch, HORIZON * ACTION]);
  const condition = tensor.input("condition", [batch, CONDITION]);
  const denoiseAt = denoiser.atTimes(parameters, { times, condition });
  const chunk = ddimSample(denoiseAt, { noise, times, schedule });
  const program = tensor.simplify(tensor.program([noise, condition], { chunk }));
  const session = await runtime.open(toOnnx(program, { name: "sample" }));
  const feeds = Array.from({ length: 16 }, (_, call) => ({
    noise: numbers(batch * HORIZON * ACTION, call),
    condition: numbers(batch * CONDITION, 100 + call),
  }));
  return {
    parameters: nn.parameterCount(denoiser.parameters),
    plan: null,
    program,
    async time(count) {
      const elapsed: number[] = [];
      for (let call = 0; call < count; call++) {
        const start = performance.now();
        await session.run(feeds[call % feeds.length]);
        elapsed.push(performance.now() - start);
      }
      return elapsed;
    },
    close: () => session.close(),
  };
}

const perceptron = perceptronDenoiser({ horizon: HORIZON, action: ACTION, condition: CONDITION });
const convolutional = uNetDenoiser({ horizon: HORIZON, action: ACTION, condition: CONDITION });

const training = (name: string, aim: number | null, make: () => Training): Row => ({
  name,
  aim,
  latency: false,
  open: (runtime, plan) => openTraining(make(), runtime, plan),
});

const sampling = (name: string, aim: number, denoiser: ChunkDenoiser, batch: number): Row => ({
  name,
  aim,
  latency: true,
  open: (runtime) => openSampling(denoiser, batch, runtime),
});

/** The table; names as in `peer.py`. */
export const rows: readonly Row[] = [
  training("mlp-64", 4, () => regression(64, 64)),
  training("mlp-256", 1.2, () => regression(256, 256)),
  training("gmm-1024", 1, mixture),
  training("denoiser-512", 1.3, () => diffusion(perceptron, 256)),
  training("unet-64", 1, () => diffusion(convolutional, 64)),
  sampling("denoise-latency-1", 2, perceptron, 1),
  sampling("denoise-64", 1.3, perceptron, 64),
  sampling("unet-denoise-latency-1", 2, convolutional, 1),
];

/** MLP 14-width-width-7 for the plot of growth. */
export const growthRow = (width: number, batch: number): Row =>
  training(`mlp ${width} x ${batch}`, null, () => regression(width, batch));
