import { describe, expect, it } from "vitest";
import { type Recorded, verifyRecorded } from "../../src/datasets/index.ts";
import { cart, shifted } from "./verify-fixture.ts";

const lags = (data: Recorded) =>
  verifyRecorded(data)
    .findings.filter(({ check }) => check === "delay")
    .map(({ severity, name, value }) => [severity, name, value]);

const velocity = cart(Array.from({ length: 10 }, () => 100));

/** The action is a position, and the cart is there `late` steps later. */
function follower(late: number): Recorded {
  const data = cart(Array.from({ length: 10 }, () => 100));
  const { values } = data.action;
  // The velocity adds up to a target, so that its changes are those of the position `late` steps later.
  const target = new Float32Array(values.length);
  const observation = new Float32Array(2 * values.length);
  for (let row = 0; row < values.length; row++) {
    const step = row % 100;
    target[row] = (step === 0 ? 0 : target[row - 1]) + values[row];
    // o[t + 1] - o[t] = a[t - late] - a[t - late - 1]
    const followed = row - late - 1;
    observation.set([step - late - 1 < 0 ? 0 : target[followed], data.observation.values[2 * row + 1]], 2 * row);
  }
  return {
    ...data,
    observation: { ...data.observation, values: observation },
    action: { ...data.action, values: target },
  };
}

describe("state and action out of step", () => {
  it("in step: no findings, whether the action is a speed or a position", () => {
    expect(lags(velocity)).toEqual([]);
    expect(lags(follower(0))).toEqual([]);
    expect(lags(follower(1))).toEqual([]);
  });

  it.each([1, 2, 3])("actions recorded %i steps late: a warning that says so", (late) => {
    expect(lags(shifted(velocity, late))).toEqual([["warning", "action.velocity", -late]]);
    expect(lags(shifted(follower(0), late))).toEqual([["warning", "action.velocity", -late]]);
  });

  it("an effect that comes two steps later or more is worth knowing", () => {
    expect(lags(follower(2))).toEqual([["info", "action.velocity", 2]]);
    expect(lags(shifted(velocity, -3))).toEqual([["info", "action.velocity", 3]]);
  });

  it("what an expert does about what it sees is no delay", () => {
    // A column that the action does not drive: the expert steers against its change of the step before.
    const data = cart(Array.from({ length: 10 }, () => 100));
    const action = data.action.values.map((_, row) => {
      const change = row % 100 === 0 ? 0 : data.observation.values[2 * row + 1] - data.observation.values[2 * row - 1];
      return row % 100 === 0 ? 0 : -change;
    });
    expect(lags({ ...data, action: { ...data.action, values: action } })).toEqual([]);
  });

  it("where nothing goes with the action there is no telling", () => {
    const data = cart(Array.from({ length: 10 }, () => 100));
    const unrelated = data.observation.values.map((value, i) =>
      i % 2 === 0 ? data.observation.values[i + 1] ** 3 : value,
    );
    expect(lags({ ...data, observation: { ...data.observation, values: unrelated } })).toEqual([]);
  });
});
