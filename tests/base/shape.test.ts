import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { broadcastShapes, sameShape, showShape, sizeOf, stridesOf } from "../../src/base/index.ts";

const shapes = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 });

describe("shapes", () => {
  it.each([
    [[], [], []],
    [[2, 3], [], [2, 3]],
    [[2, 3], [3], [2, 3]],
    [
      [2, 1],
      [1, 3],
      [2, 3],
    ],
    [[1], [0], [0]],
    [
      [4, 1, 2],
      [3, 1],
      [4, 3, 2],
    ],
    [[2], [3], null],
    [[2, 3], [2], null],
    [[0], [2], null],
  ])("%j and %j broadcast to %j, as in NumPy", (a, b, expected) => {
    expect(broadcastShapes(a, b)).toEqual(expected);
    expect(broadcastShapes(b, a)).toEqual(expected);
  });

  it("broadcast to what both broadcast to", () => {
    fc.assert(
      fc.property(shapes, shapes, (a, b) => {
        const common = broadcastShapes(a, b);
        if (!common) return;
        expect(broadcastShapes(a, common)).toEqual(common);
        expect(broadcastShapes(b, common)).toEqual(common);
      }),
    );
  });

  it("have row-major strides: neighbours along an axis are that far apart", () => {
    expect(stridesOf([2, 3, 4])).toEqual([12, 4, 1]);
    fc.assert(
      fc.property(shapes, (shape) => {
        const strides = stridesOf(shape);
        strides.forEach((stride, axis) => {
          expect(stride).toBe(sizeOf(shape.slice(axis + 1)));
        });
      }),
    );
  });

  it("are counted, compared and shown", () => {
    expect(sizeOf([])).toBe(1);
    expect(sizeOf([2, 0, 3])).toBe(0);
    expect(sameShape([2, 3], [2, 3])).toBe(true);
    expect(sameShape([2, 3], [2, 3, 1])).toBe(false);
    expect(sameShape([2, 3], [3, 2])).toBe(false);
    expect(showShape([2, 3])).toBe("[2, 3]");
    expect(showShape([])).toBe("[]");
  });
});
