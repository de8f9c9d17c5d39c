import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { judgeWorld } from "../../conformance/environment.ts";
import { direction } from "../../src/base/index.ts";
import { readPushT } from "../../src/datasets/node.ts";
import { PUSH_T, type PushTState, type PushTWorld, pushTWorld } from "../../src/environments/index.ts";
import { observationNames } from "../../src/world/index.ts";
import { EPISODE_FINGERPRINT, episodeFingerprint } from "./push-t-episode.ts";
import original from "./push-t-original.json" with { type: "json" };

judgeWorld("push-t", { make: pushTWorld, makeTruncated: () => pushTWorld({ maxSteps: 5 }) });

const DEGREE = Math.PI / 180;
const FAR = { x: 20, y: 20 };
const GOAL = PUSH_T.goal;
/** The goal's pose moved by (x, y) along its own axes, and turned about its origin. */
function offGoal({ x = 0, y = 0, angle = 0 }) {
  const [cosine, sine] = direction(GOAL.angle);
  return { x: GOAL.x + x * cosine - y * sine, y: GOAL.y + x * sine + y * cosine, angle: GOAL.angle + angle };
}

const covered = (x: number, y: number, angle: number): number =>
  Number(pushTWorld().start({ pusher: FAR, block: offGoal({ x, y, angle }) }).info.coverage);

describe("Push-T's coverage (ALGORITHMS.md 11.12)", () => {
  it("is 1 on the goal and 0 away from it", () => {
    expect(covered(0, 0, 0)).toBeCloseTo(1, 12);
    expect(covered(400, 0, 0)).toBe(0);
  });

  it.each([
    // 1 - 120 d / 6300 for a translation by d along the T
    [10, 0, 0, 0.8095238095],
    [5, -3, 0.1, 0.8739078385],
  ])("translated by (%d, %d) px and turned by %d rad", (x, y, angle, expected) => {
    expect(covered(x, y, angle)).toBeCloseTo(expected, 9);
  });

  it.each([
    [1, 0.9702713626, 0.9796120744],
    [2, 0.940907364, 0.9595767],
    [3, 0.9118814676, 0.939877007],
    [5, 0.8547400506, 0.9014195208],
    [10, 0.7160169299, 0.8100507384],
    [30, 0.3630645549, 0.4985195756],
    [90, 0.2857142857, 0.2857142857],
  ])("turned by %d degrees about the body's origin, and about the centre of gravity", (degrees, origin, centre) => {
    expect(covered(0, 0, degrees * DEGREE)).toBeCloseTo(origin, 9);
    // the origin moves by c - R c, c = (0, 45)
    const [cosine, sine] = direction(degrees * DEGREE);
    expect(covered(45 * sine, 45 - 45 * cosine, degrees * DEGREE)).toBeCloseTo(centre, 8);
  });

  it("ends the episode above 0.95: 2.6 px off is success, 2.7 px is not", () => {
    const world = pushTWorld();
    const moved = (x: number) => world.start({ pusher: FAR, block: offGoal({ x }) }).info;
    // 1 - 120 d / 6300 = 0.95 at d = 2.625
    expect([moved(2.6).success, moved(2.7).success]).toEqual([true, false]);
    expect(world.step(Float32Array.of(20, 20))).toMatchObject({ terminated: false, truncated: false });
    moved(2.6);
    expect(world.step(Float32Array.of(20, 20))).toMatchObject({ terminated: true, truncated: false, reward: 1 });
    expect(world.start({ pusher: FAR, block: offGoal({ x: 5, y: -3, angle: 0.1 }) }).info.success).toBe(false);
    expect(world.step(Float32Array.of(20, 20)).reward).toBeCloseTo(0.919902988, 9);
  });
});

describe("Push-T's pusher", () => {
  it("is pulled as the original's: 400 to 300 px from rest (ALGORITHMS.md 11.12)", () => {
    const world = pushTWorld();
    world.start({ pusher: { x: 400, y: 50 }, block: { x: 100, y: 300, angle: 0 } });
    const rows = Array.from({ length: 6 }, () => {
      world.step(Float32Array.of(300, 50));
      const { pusher, velocity } = world.state();
      return [pusher.x, velocity.x];
    });
    const expected = [
      [370.4328214, -374.1476558],
      [338.4089058, -261.0712106],
      [319.2381415, -141.9953956],
      [309.2997863, -71.0486546],
      [304.4234869, -34.3293982],
      [302.0880455, -16.3254349],
    ];
    rows.forEach(([x, velocity], i) => {
      expect(x).toBeCloseTo(expected[i][0], 6);
      expect(velocity).toBeCloseTo(expected[i][1], 6);
    });
  });
});

describe("Push-T's starts", () => {
  it("position first, the angle turns the T about its centre of gravity (ALGORITHMS.md 10.1)", () => {
    const world = pushTWorld();
    const start = { pusher: { x: 0, y: 10 }, block: { x: 20, y: 30, angle: 1 } };
    world.start({ ...start, first: "position" });
    const { block, pusher } = world.state();
    expect([pusher.x, pusher.y, block.angle]).toEqual([0, 10, 1]);
    // the original's numbers are float32
    expect(block.x).toBeCloseTo(57.866196, 5);
    expect(block.y).toBeCloseTo(50.686398, 5);
    world.start(start);
    expect(world.state().block.x).toBeCloseTo(20, 12);
  });

  it("are drawn as the original draws them: whole px, the T's before it is turned", () => {
    const world = pushTWorld();
    for (let seed = 0; seed < 200; seed++) {
      world.reset(seed);
      const { pusher, block } = world.state();
      // undo the turn: the centre of gravity stays, the origin lies 45 px above it
      const [cosine, sine] = direction(block.angle);
      const drawn = [pusher.x, pusher.y, block.x - 45 * sine, block.y + 45 * cosine - 45];
      drawn.forEach((value, i) => {
        expect(Math.abs(value - Math.round(value))).toBeLessThan(1e-9);
        expect(value).toBeGreaterThan((i < 2 ? 50 : 100) - 1e-9);
        expect(value).toBeLessThan(i < 2 ? 450 : 400);
      });
    }
  });

  it("refuse what is not finite, and the state before there is one", () => {
    const world = pushTWorld();
    expect(() => world.state()).toThrow(/before the first reset/);
    const broken = { pusher: FAR, block: { x: Number.NaN, y: 0, angle: 0 } };
    expect(() => world.start(broken)).toThrow(/NaN.*expected 7 finite numbers/);
  });
});

describe("Push-T's observation", () => {
  it("has the names of the human recordings, in their order", async () => {
    const folder = fileURLToPath(
      new URL("../../../shared/data/pusht_human/pusht_cchi_v7_replay.zarr", import.meta.url),
    );
    const { observation, action } = (await readPushT(folder)) satisfies { observation: { names: readonly string[] } };
    const { spec } = pushTWorld();
    expect(observationNames(spec.observation)).toEqual(observation.names);
    expect(spec.action.names).toEqual(action.names);
    // row 0 of the recordings: its state [222, 97, 222.99382, 381.59903, 3.0079994], and its keypoints
    const world = pushTWorld();
    const seen = world.start({
      pusher: { x: 222, y: 97 },
      block: { x: 222.99382019042969, y: 381.5990295410156, angle: 3.0079994201660156 },
    }).observation;
    const recorded = observation.values.slice(0, 20);
    Object.values(seen)
      .flatMap((values) => [...values])
      .forEach((value, i) => {
        // both are rounded to float32 (3e-5 at 400 px), the recorded angle as well (1e-7 rad at 125 px)
        expect(Math.abs(value - recorded[i])).toBeLessThan(1e-4);
      });
  });
});

describe("Push-T beside the original engine (experiments/push-t-fidelity/original.py)", () => {
  it.each(original.map((episode, i) => ({ ...episode, i })))(
    "episode $i: the same poses and coverage, step by step",
    ({ positionFirst, start, actions, rows, coverages }) => {
      const world = pushTWorld();
      const [px, py, x, y, angle] = start;
      world.start({
        pusher: { x: px, y: py },
        block: { x, y, angle },
        first: positionFirst ? "position" : "angle",
      });
      expectState(world, rows[0]);
      coverages.forEach((coverage, t) => {
        const { info } = world.step(Float32Array.from(actions[t]));
        expectState(world, rows[t + 1]);
        expect(Math.abs(Number(info.coverage) - coverage)).toBeLessThan(1e-9);
      });
    },
  );
});

/** Another library's sine and cosine differ in the last bit; 300 steps let that grow to 1e-11 px. */
function expectState(world: PushTWorld, row: readonly number[]): void {
  const { pusher, block } = world.state();
  [pusher.x, pusher.y, block.x, block.y, block.angle].forEach((value, i) => {
    expect(Math.abs(value - row[i])).toBeLessThan(1e-8);
  });
}

describe("Push-T's physics, whatever happens", () => {
  const seeds = fc.integer({ min: 0, max: 1e9 });

  it("the T rests where nothing moves into it, and its velocity is gone", () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const world = pushTWorld();
        world.reset(seed);
        // A pusher that stands: nothing brings energy. Overlap of the start is undone by a velocity of its own, not this one.
        for (let i = 0; i < 20; i++) {
          const { pusher } = world.state();
          if (world.step(Float32Array.of(pusher.x, pusher.y)).terminated) return;
          const { block } = world.snapshot() as { block: number[] };
          const [vx, vy, spin] = block.slice(3, 6);
          expect(vx * vx + vy * vy + 3000 * spin * spin).toBe(0);
        }
      }),
      { numRuns: 50 },
    );
  });

  it("after a push the pusher and the T overlap by no more than the slop", () => {
    fc.assert(
      fc.property(
        seeds,
        fc.array(fc.integer({ min: -60, max: 60 }), { minLength: 8, maxLength: 24 }),
        (seed, moves) => {
          const world = pushTWorld();
          const angle = (seed % 628) / 100;
          // beside the T: its nearest point is at least 120 - 76.5 - 15 px away
          world.start({ pusher: { x: 136, y: 256 }, block: pushTCentredAt(256, 256, angle) });
          for (let i = 0; i + 1 < moves.length; i += 2) {
            const { pusher } = world.state();
            const target = [pusher.x + moves[i] + 20, pusher.y + moves[i + 1]].map((v) =>
              Math.min(380, Math.max(130, v)),
            );
            if (world.step(Float32Array.from(target)).terminated) return;
          }
          const hold = world.state().pusher;
          for (let i = 0; i < 15; i++) if (world.step(Float32Array.of(hold.x, hold.y)).terminated) return;
          // 150 substeps leave (1 - 0.0613)^150 = 8e-5 of an overlap beyond the slop of 0.1 px
          expect(distanceToT(world.state())).toBeGreaterThan(15 - 0.1 - 0.01);
        },
      ),
      { numRuns: 100 },
    );
  });

  it("goes on to the bit from a snapshot of any moment", () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 1, max: 30 }), (seed, when) => {
        const [world, fork] = [pushTWorld(), pushTWorld()];
        world.reset(seed);
        const { block } = world.state();
        // onto the T and about it, so that contacts are remembered
        const target = (t: number) => {
          const [cosine, sine] = direction((seed % 7) + t);
          return Float32Array.of(block.x + 40 * cosine, block.y + 40 * sine).map((v) => Math.min(512, Math.max(0, v)));
        };
        for (let t = 0; t < when; t++) if (world.step(target(t)).terminated) return;
        fork.restore(JSON.parse(JSON.stringify(world.snapshot())));
        for (let t = when; t < when + 20; t++) {
          const step = world.step(target(t));
          expect(fork.step(target(t))).toEqual(step);
          if (step.terminated) return;
        }
        expect(fork.snapshot()).toEqual(world.snapshot());
      }),
      { numRuns: 50 },
    );
  });

  it("refuses snapshots that lack a part or hold a broken one", () => {
    const world = pushTWorld();
    world.reset(1);
    const whole = world.snapshot();
    for (const part of Object.keys(whole)) {
      for (const broken of [undefined, "x", [1]]) {
        const snapshot = JSON.parse(JSON.stringify({ ...whole, [part]: broken }));
        expect(() => world.restore(snapshot), `${part}: ${broken}`).toThrow(/no snapshot of this world/);
      }
    }
    world.restore(whole);
    expect(world.snapshot()).toEqual(whole);
  });

  it("one long episode has these bits, here and in the browser (tests/browser/push-t.test.ts)", () => {
    expect(episodeFingerprint()).toBe(EPISODE_FINGERPRINT);
  });
});

/** The pose of a T whose centre of gravity lies at (x, y). */
function pushTCentredAt(x: number, y: number, angle: number) {
  const [cosine, sine] = direction(angle);
  return { x: x + 45 * sine, y: y - 45 * cosine, angle };
}

/** From the pusher's centre to the T, the plain way: the nearest of its two rectangles, in its own frame; 0 inside. */
function distanceToT({ pusher, block }: PushTState): number {
  const [cosine, sine] = direction(block.angle);
  const [dx, dy] = [pusher.x - block.x, pusher.y - block.y];
  const [x, y] = [dx * cosine + dy * sine, dy * cosine - dx * sine];
  const beyond = (value: number, low: number, high: number) => Math.max(low - value, 0, value - high);
  return Math.min(Math.hypot(beyond(x, -60, 60), beyond(y, 0, 30)), Math.hypot(beyond(x, -15, 15), beyond(y, 30, 120)));
}
