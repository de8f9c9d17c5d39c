/** PyTorch's numbers for the optimizers' twins: ALGORITHMS.md 11.6b. */
import { adam, adamw, type OptimizerRecipe, sgd } from "../../src/optim/index.ts";

export const constant = { kind: "constant", rate: 0.01 } as const;

/** ALGORITHMS.md 11.6b: p₀ = [.5, -1] under these three gradients. */
export const START = [0.5, -1];
export const GRADIENTS = [
  [0.1, -0.2],
  [0.3, 0],
  [-0.1, 0.4],
];

/** Parameters after each update, ten significant digits (lr .01, betas .9/.999, epsilon 1e-8 unless said otherwise). */
export const REFERENCES: [string, OptimizerRecipe, number[][]][] = [
  [
    "Adam",
    adam({ schedule: constant }),
    [
      [0.490000001, -0.9900000005],
      [0.4808221902, -0.9832994184],
      [0.475985272, -0.986699763],
    ],
  ],
  [
    "Adam with coupled weight decay 0.1",
    adam({ schedule: constant, weightDecay: 0.1 }),
    [
      [0.4900000007, -0.9900000003],
      [0.4805180578, -0.9813042391],
      [0.4741221855, -0.9808620567],
    ],
  ],
  [
    "AdamW with weight decay 0.1",
    adamw({ schedule: constant, weightDecay: 0.1 }),
    [
      [0.489500001, -0.9890000005],
      [0.4798326902, -0.9813104184],
      [0.4745159393, -0.9837294526],
    ],
  ],
  [
    "AdamW as diffusion_policy sets it",
    adamw({ schedule: { kind: "constant", rate: 1e-4 }, beta1: 0.95, weightDecay: 1e-6 }),
    [
      [0.4999, -0.9998999999],
      [0.4998094286, -0.999831085],
      [0.4997590361, -0.9998608786],
    ],
  ],
  [
    "SGD with momentum 0.9",
    sgd({ schedule: constant, momentum: 0.9 }),
    [
      [0.499, -0.998],
      [0.4951, -0.9962],
      [0.49259, -0.99858],
    ],
  ],
];
