import { describe, expect, it } from "vitest";
import { keypointsAt, poseOfKeypoints, pushTWorld } from "../../src/environments/index.ts";
import { pushTExpert } from "../../src/experts/index.ts";
import { rollout } from "../../src/rollouts/index.ts";

describe("the expert of Push-T", () => {
  it("succeeds, well within the clock", async () => {
    for (const seed of [1, 2, 3]) {
      const { info, terminated, length } = await rollout(pushTWorld(), pushTExpert(), { seed });
      expect([info.success, terminated]).toEqual([true, true]);
      expect(length).toBeLessThan(300);
    }
  });

  it("repeats itself, also after another episode", async () => {
    const expert = pushTExpert();
    const first = await rollout(pushTWorld({ maxSteps: 60 }), expert, { seed: 5 });
    await rollout(pushTWorld({ maxSteps: 20 }), expert, { seed: 6 });
    expect(await rollout(pushTWorld({ maxSteps: 60 }), expert, { seed: 5 })).toEqual(first);
  });

  it("goes on from where somebody else has brought the T", async () => {
    const [world, expert] = [pushTWorld(), pushTExpert()];
    expert.reset(0);
    await expert.act(world.reset(9).observation);
    let { observation } = world.start({ pusher: { x: 100, y: 400 }, block: { x: 280, y: 250, angle: 1.2 } });
    let success = false;
    for (let step = 0; step < 300 && !success; step++) {
      const result = world.step(await expert.act(observation));
      ({ observation } = result);
      ({ success } = result.info);
    }
    expect(success).toBe(true);
  });
});

describe("the pose of the keypoints", () => {
  it.each([0, 0.5, 2, 3.14, -3.1, -2, -1, -0.001])("is the pose whose keypoints they are, at %d rad", (angle) => {
    const pose = poseOfKeypoints(keypointsAt({ x: 300, y: 200, angle }));
    // float32 keypoints: 3e-5 px each, at a lever of 100 px
    expect(pose.x).toBeCloseTo(300, 3);
    expect(pose.y).toBeCloseTo(200, 3);
    expect(pose.angle).toBeCloseTo(angle, 5);
  });
});
