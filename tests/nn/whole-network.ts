/** The TypeScript twin of tests/golden/whole_network.py: every kind of layer in one loss. Names are the Python file's. */
import {
  attention,
  causalMask,
  channelsFirst,
  conv1d,
  conv2d,
  convBlock,
  convTranspose1d,
  convTranspose2d,
  embedding,
  gru,
  layerNorm,
  linear,
  lstm,
  mish,
  mlp,
  named,
  parametersOf,
  positionsFirst,
  residualBlock,
  silu,
  spatialSoftmax,
  timeEmbedding,
} from "../../src/nn/index.ts";
import {
  add,
  concat,
  div,
  expand,
  log,
  logSoftmax,
  logSumExp,
  mean,
  mul,
  neg,
  relu,
  reshape,
  slice,
  softplus,
  splitAxis,
  square,
  sub,
  sum,
  type Tensor,
  tanh,
  transpose,
} from "../../src/tensor/index.ts";

const BATCH = 2;
const MODES = 2;
const ACTION = 2;

const layers = {
  conv2d: named("conv2d", conv2d({ inputs: 3, outputs: 4, kernel: 3, stride: 2, padding: 1 })),
  imageLinear: named("image_linear", linear(8, 6)),
  deconv2d: named("deconv2d", convTranspose2d({ inputs: 4, outputs: 3, kernel: 4, stride: 2, padding: 1 })),
  embedding: named("embedding", embedding(5, 8)),
  norm1: named("norm1", layerNorm(8)),
  attention: named("attention", attention({ size: 8, heads: 2 })),
  norm2: named("norm2", layerNorm(8)),
  mlp: named("mlp", mlp({ sizes: [8, 12, 8], activation: "gelu" })),
  gru: named("gru", gru({ inputs: 3, hidden: 5 })),
  lstm: named("lstm", lstm({ inputs: 5, hidden: 4 })),
  time: named("time", timeEmbedding(4, 8)),
  block1: named("block1", residualBlock({ inputs: 2, outputs: 4, condition: 27, kernel: 5, groups: 2 })),
  down: named("down", conv1d({ inputs: 4, outputs: 4, kernel: 3, stride: 2, padding: 1 })),
  block2: named("block2", residualBlock({ inputs: 4, outputs: 8, condition: 27, kernel: 5, groups: 2 })),
  up: named("up", convTranspose1d({ inputs: 8, outputs: 8, kernel: 4, stride: 2, padding: 1 })),
  head: named("head", convBlock({ inputs: 12, outputs: 4, kernel: 5, groups: 2 })),
  out: named("out", conv1d({ inputs: 4, outputs: 2, kernel: 1 })),
  headIn: named("head_in", linear(43, 10)),
  headOut: named("head_out", linear(10, 2 * MODES * ACTION + MODES)),
};

export const wholeParameters = parametersOf(Object.values(layers) as never);

export function wholeNetwork(parameters: Record<string, Tensor>, inputs: Record<string, Tensor>) {
  const { image, tokens, states, t, chunk, action } = inputs;
  const last = (x: Tensor) => reshape(slice(x, 1, x.shape[1] - 1, x.shape[1]), [BATCH, x.shape[2]]);

  const pixels = relu(layers.conv2d.apply(parameters, positionsFirst(image)));
  const seen = layers.imageLinear.apply(parameters, reshape(spatialSoftmax(pixels), [BATCH, 8]));
  const painted = channelsFirst(layers.deconv2d.apply(parameters, pixels));

  const embedded = layers.embedding.apply(parameters, tokens);
  const normed = layers.norm1.apply(parameters, embedded);
  const attended = add(embedded, layers.attention.apply(parameters, { x: normed, mask: causalMask(3) }));
  const words = add(attended, layers.mlp.apply(parameters, layers.norm2.apply(parameters, attended)));
  const read = last(words);

  const sequence = layers.gru.apply(parameters, { x: states }).output;
  const memory = layers.lstm.apply(parameters, { x: sequence }).output;
  const time = layers.time.apply(parameters, t);
  const condition = concat([seen, read, last(sequence), last(memory), time]);

  const given = mish(condition);
  const high = layers.block1.apply(parameters, { x: transpose(chunk, [1, 0, 2]), condition: given });
  const low = layers.block2.apply(parameters, { x: layers.down.apply(parameters, high), condition: given });
  const joined = layers.head.apply(parameters, concat([layers.up.apply(parameters, low), high]));
  const plan = reshape(transpose(layers.out.apply(parameters, joined), [1, 0, 2]), [BATCH, 16]);

  const hidden = silu(layers.headIn.apply(parameters, concat([plan, condition])));
  const raw = layers.headOut.apply(parameters, hidden);
  const loss = add(mixtureLoss(raw, action), mul(0.1, mean(square(sub(painted, image)))));
  const stages = { seen, read, sequence, memory, time, high: channelsFirst(high), low: channelsFirst(low), plan, raw };
  return { stages, loss };
}

/** mixture_loss of bench/engine/networks.py. */
function mixtureLoss(raw: Tensor, action: Tensor): Tensor {
  const size = MODES * ACTION;
  const [means, stds, logits] = splitAxis(raw, 1, [size, size, MODES]);
  const mode = (x: Tensor) => reshape(x, [BATCH, MODES, ACTION]);
  const std = add(softplus(mode(stds)), 1e-4);
  const residual = div(sub(expand(action, 1), tanh(mode(means))), std);
  const logNormal = sub(
    neg(add(mul(0.5, sum(square(residual), { axes: -1 })), sum(log(std), { axes: -1 }))),
    0.5 * ACTION * Math.log(2 * Math.PI),
  );
  return neg(mean(logSumExp(add(logSoftmax(logits), logNormal))));
}
