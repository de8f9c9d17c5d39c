import { parseHTML } from "linkedom";
import { describe, expect, it } from "vitest";
import { foldIn, randomKey, randomStream } from "../../src/base/index.ts";
import {
  drivingWorld,
  FORK,
  forkWorld,
  keypointsAt,
  PUSH_T,
  pushTWorld,
  ROAD,
  VEHICLE,
} from "../../src/environments/index.ts";
import { drivingExpert, forkExpert, pushTExpert } from "../../src/experts/index.ts";
import {
  drawDriving,
  drawFork,
  drawPushT,
  type Picture,
  pathOfChunk,
  rolloutStrip,
  sampleChunks,
  scenesOf,
} from "../../src/reports/index.ts";
import { rollout, rolloutMany } from "../../src/rollouts/index.ts";
import type { Actor, BatchActor, Environment, World } from "../../src/world/index.ts";
import { eitherSide, makeFork } from "./example.ts";

const parsed = ({ markup }: { markup: string }) => parseHTML(`<body>${markup}</body>`).document;
const drawn = ({ drawing }: Picture) => parsed(drawing as { markup: string });
const pointsOf = (element: Element | null) =>
  element!
    .getAttribute("points")!
    .split(" ")
    .map((pair) => pair.split(",").map(Number));
const pathPoints = (d: string) =>
  [...d.matchAll(/[ML](-?[\d.]+) (-?[\d.]+)/g)].map(([, x, y]) => [Number(x), Number(y)]);

describe("Push-T", () => {
  const shape = (x: number, y: number, angle: number) => {
    const state = { pusher: { x: 50, y: 60 }, block: { x, y, angle } };
    return pointsOf(parsed(drawPushT({ state })).querySelector(".block"));
  };

  it("draws the T's corners where the pose puts them", () => {
    // The body's origin is the middle of the bar's top edge: 120 x 30 for the bar, the stem 30 wide down to 120.
    expect(shape(200, 100, 0)).toEqual([
      [140, 100],
      [260, 100],
      [260, 130],
      [215, 130],
      [215, 220],
      [185, 220],
      [185, 130],
      [140, 130],
    ]);
    // A quarter turn takes (px, py) to (-py, px): x turns towards y.
    expect(shape(200, 100, Math.PI / 2)).toEqual([
      [200, 40],
      [200, 160],
      [170, 160],
      [170, 115],
      [80, 115],
      [80, 85],
      [170, 85],
      [170, 40],
    ]);
  });

  it("draws a T of the right area around its keypoints, the goal and the pusher", () => {
    const block = { x: 300, y: 220, angle: 2.1 };
    const document = parsed(drawPushT({ state: { pusher: { x: 50.25, y: 60 }, block } }));
    const corners = pointsOf(document.querySelector(".block"));
    const area = (points: number[][]) =>
      Math.abs(points.reduce((sum, [x, y], i) => sum + x * points[(i + 1) % 8][1] - y * points[(i + 1) % 8][0], 0) / 2);
    expect(area(corners)).toBeCloseTo(120 * 30 + 30 * 90, 0);
    // Keypoints lie in or within 3 px of the T: their mean is near the mean of the corners.
    const keypoints = keypointsAt(block);
    for (let i = 0; i < 9; i++) {
      const nearest = Math.min(...corners.map(([x, y]) => Math.hypot(x - keypoints[2 * i], y - keypoints[2 * i + 1])));
      expect(nearest).toBeLessThan(66);
    }
    expect(area(pointsOf(document.querySelector(".goal")))).toBeCloseTo(6300, 0);
    expect(pointsOf(document.querySelector(".goal"))).toEqual(shape(PUSH_T.goal.x, PUSH_T.goal.y, PUSH_T.goal.angle));
    const pusher = document.querySelector(".pusher")!;
    expect(["cx", "cy", "r"].map((name) => Number(pusher.getAttribute(name)))).toEqual([50.25, 60, 15]);
  });

  it("draws ways from start to end, paler towards it", () => {
    const way = Array.from({ length: 7 }, (_, i) => [10 * i, 5 * i] as const);
    const state = { pusher: { x: 0, y: 0 }, block: { x: 200, y: 200, angle: 0 } };
    const document = parsed(drawPushT({ state, sampled: [way], demonstrated: [way] }));
    const pieces = [...document.querySelectorAll("g.policy path")];
    expect(pieces.flatMap((piece) => pathPoints(piece.getAttribute("d")!).slice(1))).toEqual(
      way.slice(1).map((p) => [...p]),
    );
    const opacities = pieces.map((piece) => Number(piece.getAttribute("opacity")));
    expect(opacities).toEqual(opacities.toSorted((a, b) => b - a));
    expect(new Set(opacities).size).toBe(opacities.length);
    expect(document.querySelector("g.demonstrated")!.getAttribute("stroke")).toBe("var(--demonstrated)");
  });
});

describe("driving", () => {
  it("draws the ego to scale where it is on the road, turned to the left for a positive heading", () => {
    const world = drivingWorld({ scenario: "fork" });
    world.reset(3);
    const scene = world.scene();
    const ego = { ...scene.ego, s: 60, d: 1, headingError: 0 };
    const document = parsed(drawDriving({ scene: { ...scene, ego }, behind: 10, ahead: 30 }));
    const corners = pointsOf(document.querySelector(".ego"));
    const [xs, ys] = [corners.map(([x]) => x), corners.map(([, y]) => y)];
    // 10 px per m; s = 60 is 10 m from the left edge.
    expect([Math.min(...xs), Math.max(...xs)]).toEqual([100 - 5 * VEHICLE.length, 100 + 5 * VEHICLE.length]);
    expect(Math.max(...ys) - Math.min(...ys)).toBeCloseTo(10 * VEHICLE.width, 6);
    const road = pointsOf(document.querySelector(".road")).map(([, y]) => y);
    expect(Math.max(...road) - Math.min(...road)).toBeCloseTo(20 * ROAD.edge, 6);
    // d = 1 is one metre above (left of) the middle of the road.
    const middle = (Math.max(...road) + Math.min(...road)) / 2;
    expect(middle - (Math.max(...ys) + Math.min(...ys)) / 2).toBeCloseTo(10, 6);

    const turned = parsed(
      drawDriving({ scene: { ...scene, ego: { ...ego, headingError: 0.3 } }, behind: 10, ahead: 30 }),
    );
    const front = pointsOf(turned.querySelector(".ego")).slice(0, 2);
    expect((front[0][1] + front[1][1]) / 2).toBeLessThan(middle - 10 - 5 * VEHICLE.length * 0.29);
    const crate = scene.obstacles[0];
    const box = pointsOf(document.querySelector(".crate")).map(([x]) => x);
    expect((Math.max(...box) + Math.min(...box)) / 2).toBeCloseTo(10 * (crate.s - 50), 1);
  });

  it("draws what is on the road only while it is in view", () => {
    const world = drivingWorld({ scenario: "traffic" });
    world.reset(4);
    const scene = world.scene();
    const one = { s: scene.ego.s + 20, d: 0, length: 4.5, width: 1.8, speed: 5 };
    const obstacles = [
      { ...one, kind: "moving" },
      { ...one, kind: "standing", speed: 0, s: scene.ego.s + 500 },
      { ...one, kind: "works", s: scene.ego.s + 30 },
    ] as const;
    const document = parsed(drawDriving({ scene: { ...scene, obstacles } }));
    const count = (selector: string) => document.querySelectorAll(selector).length;
    expect([count(".vehicle"), count(".works"), count(".motion"), count(".lane")]).toEqual([1, 1, 1, ROAD.lanes - 1]);
  });

  it("draws a chunk as the path that the world takes under it", async () => {
    const world = drivingWorld({ scenario: "fork" });
    const stream = randomStream(randomKey(5));
    const chunk = Float32Array.from({ length: 2 * 24 }, (_, i) =>
      i % 2 === 0 ? 0.1 * stream.normal() : stream.normal(),
    );
    world.reset(11);
    for (let step = 0; step < 5; step++) world.step(Float32Array.of(0.02, -1));
    const snapshot = world.snapshot();
    for (let step = 0; step < 3; step++) world.step(Float32Array.of(0, 0));
    const before = world.snapshot();
    const path = pathOfChunk(world, snapshot, chunk);
    expect(world.snapshot()).toEqual(before);

    // The slow twin: a world of its own, stepped from its reset.
    const twin = drivingWorld({ scenario: "fork" });
    twin.reset(11);
    for (let step = 0; step < 5; step++) twin.step(Float32Array.of(0.02, -1));
    const expected = [[twin.scene().ego.s, twin.scene().ego.d]];
    for (let step = 0; step < 24; step++) {
      const { terminated } = twin.step(chunk.slice(2 * step, 2 * step + 2));
      expected.push([twin.scene().ego.s, twin.scene().ego.d]);
      if (terminated) break;
    }
    expect(path.map((place) => [...place])).toEqual(expected);
    expect(path.length).toBeGreaterThan(10);
  });

  it("ends a path where the episode ends, and clamps actions as a rollout does", () => {
    const world = forkWorld();
    world.reset(1);
    const { x, y } = world.snapshot() as { x: number; y: number };
    const path = pathOfChunk(world, world.snapshot(), new Float32Array(60).fill(100));
    expect(path.length).toBe(FORK.goal / (FORK.speed * FORK.period) + 1);
    expect(path[0]).toEqual([x, y]);
    expect(path[1][1]).toBeCloseTo(y + FORK.maxLateralRate * FORK.period, 6);
  });
});

describe("chunks", () => {
  it("are cut to what lies ahead, each drawn with a key of its own", async () => {
    const horizons = { observationHorizon: 3, predictionHorizon: 5, actionHorizon: 2 };
    const actor: BatchActor = {
      name: "counting",
      controller: "policy",
      horizons,
      plan: (histories, keys) =>
        Float32Array.from(
          keys.flatMap((key, row) =>
            Array.from({ length: 10 }, (_, i) => (key[0] % 1000) * 100 + i + histories[row * 3]),
          ),
        ),
    };
    const chunks = await sampleChunks(actor, Float32Array.of(7, 0, 0), 4, 9);
    // Tp = 5 steps of 2 numbers; index 0 belongs to the oldest of To = 3 observations, so the first 2 steps lie behind.
    chunks.forEach((chunk, row) => {
      const first = (foldIn(randomKey(9), row)[0] % 1000) * 100 + 7;
      expect([...chunk]).toEqual([4, 5, 6, 7, 8, 9].map((i) => first + i));
    });
  });

  it("stand over the scene at the moment they were drawn in", async () => {
    const pictures = await scenesOf({
      makeEnvironment: makeFork,
      actor: eitherSide,
      seeds: [1, 2, 3],
      samples: 12,
      experts: [() => forkExpert()],
    });
    expect(pictures.length).toBe(3);
    const [episode] = await rolloutMany(makeFork, eitherSide, [3]);
    // The third scene is taken at 60 % of 40 steps, at the plan before: step 16 of 23.
    expect(pictures[2].caption).toContain("Seed 3, 1.6 s into the episode: 12 chunks");
    expect(drawn(pictures[0]).querySelectorAll("g.policy").length).toBe(12);
    const document = drawn(pictures[2]);
    expect(document.querySelectorAll("g.demonstrated").length).toBe(1);
    const ego = document.querySelector(".ego")!;
    const expected = parsed(
      drawFork({ position: [episode.observation.position[32], episode.observation.position[33]] }),
    );
    expect(Number(ego.getAttribute("cx"))).toBeCloseTo(Number(expected.querySelector(".ego")!.getAttribute("cx")), 1);
    expect(Number(ego.getAttribute("cy"))).toBeCloseTo(Number(expected.querySelector(".ego")!.getAttribute("cy")), 1);
    const start = pathPoints(document.querySelector("g.policy path")!.getAttribute("d")!)[0];
    expect(start).toEqual([Number(ego.getAttribute("cx")), Number(ego.getAttribute("cy"))]);
    const again = await scenesOf({
      makeEnvironment: makeFork,
      actor: eitherSide,
      seeds: [1, 2, 3],
      samples: 12,
      experts: [() => forkExpert()],
    });
    expect(again).toEqual(pictures);
  });

  it("are drawn once where the policy draws nothing", async () => {
    const straight: BatchActor = { ...eitherSide, plan: (_, keys) => new Float32Array(keys.length * 16) };
    const [picture] = await scenesOf({ makeEnvironment: makeFork, actor: straight, seeds: [1], samples: 9 });
    expect(drawn(picture).querySelectorAll("g.policy").length).toBe(1);
    expect(picture.caption).toContain("9 chunks drawn for the next 1.5 s, all the same");
  });

  it("are curves where there is no drawing", async () => {
    const plain = (): Environment => {
      const { spec, reset, step } = forkWorld();
      return { spec: { ...spec, name: "somebody's own" }, reset, step };
    };
    const [picture] = await scenesOf({ makeEnvironment: plain, actor: eitherSide, seeds: [1], samples: 7 });
    const lines = drawn(picture).querySelectorAll('[aria-label="line"]');
    expect(lines.length).toBe(7);
    expect(drawn(picture).querySelector("figcaption")!.textContent).toBe("lateralRate (m/s)");
  });
});

describe("rollout strips", () => {
  const drive = () => {
    const world = drivingWorld({ scenario: "urgent" });
    return { make: () => drivingWorld({ scenario: "urgent" }), world, actor: drivingExpert(world, "left") };
  };
  const push = () => ({
    make: () => pushTWorld({ maxSteps: 40 }),
    world: pushTWorld({ maxSteps: 40 }),
    actor: pushTExpert(),
  });
  const fork = () => ({ make: makeFork, world: forkWorld(), actor: forkExpert() });
  const cases: [string, () => { make: () => World; world: World; actor: Actor }][] = [
    ["driving-urgent", drive],
    ["push-t", push],
    ["fork", fork],
  ];

  it.each(cases)("%s: moments from first to last, the last as it ended", async (_, begin) => {
    const { make, world, actor } = begin();
    const episode = await rollout(world, actor, { seed: 5 });
    const picture = rolloutStrip(episode, make, 6);
    const document = drawn(picture);
    const times = [...document.querySelectorAll("figcaption")].map(({ textContent }) => textContent);
    expect(times.length).toBe(6);
    expect(times[0]).toBe("0.0 s");
    expect(times[5]).toBe(`${(episode.length / episode.spec.controlRate).toFixed(1)} s`);
    expect(picture.caption).toContain(`Seed 5: ${episode.info.success ? "success" : "no success"}`);
    expect(picture.caption).toContain(`(${episode.length} steps)`);
    expect(document.querySelectorAll("svg.scene").length).toBe(6);
  });

  it("end with the state in which the episode ended", async () => {
    const { make, world, actor } = push();
    const episode = await rollout(world, actor, { seed: 5 });
    const moments = drawn(rolloutStrip(episode, make, 6)).querySelectorAll("svg.scene");
    const expected = parsed(drawPushT({ state: world.state() }));
    expect(pointsOf(moments[5].querySelector(".block"))).toEqual(pointsOf(expected.querySelector(".block")));
  });

  it("refuse a world that does not repeat the recording", async () => {
    const episode = await rollout(forkWorld(), forkExpert(), { seed: 5 });
    const position = episode.observation.position.slice();
    position[2 * 10] += 1e-3;
    expect(() => rolloutStrip({ ...episode, observation: { position } }, makeFork)).toThrow(
      'replay of fork, seed 5: "position" differs from the recording at step 10',
    );
  });

  it("are curves of actions and observations where there is no world", async () => {
    const episode = await rollout(forkWorld(), forkExpert(), { seed: 5 });
    const titles = [...drawn(rolloutStrip(episode, null)).querySelectorAll("figcaption")].map(
      (each) => each.textContent,
    );
    expect(titles).toEqual(["lateralRate (m/s)", "position.x (m)", "position.y (m)"]);
  });
});
