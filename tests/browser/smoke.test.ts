import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openPage, type Page } from "./browser.ts";

/**
 * ModelProto of y = Add(x, x), float32 [3], opset 13, by hand: each field is a tag byte (number << 3 | wire type), for
 * wire type 2 a length, then its content.
 */
function addModel(): Uint8Array {
  const field = (number: number, content: number | string | number[]): number[] => {
    if (typeof content === "number") return [number << 3, content];
    const bytes = typeof content === "string" ? [...content].map((letter) => letter.charCodeAt(0)) : content;
    return [(number << 3) | 2, bytes.length, ...bytes];
  };
  const shape = field(2, field(1, field(1, 3)));
  const value = (name: string) => [...field(1, name), ...field(2, field(1, [...field(1, 1), ...shape]))];
  const node = [...field(1, "x"), ...field(1, "x"), ...field(2, "y"), ...field(4, "Add")];
  const graph = [...field(1, node), ...field(2, "g"), ...field(11, value("x")), ...field(12, value("y"))];
  return Uint8Array.from([...field(1, 8), ...field(7, graph), ...field(8, field(2, 13))]);
}

describe("the browser the tests drive", () => {
  let page: Page;
  beforeAll(async () => {
    page = await openPage();
  });
  afterAll(() => page?.close());

  it.each([1, 2])("is cross-origin isolated and runs a model by WASM with %i thread(s)", async (threads) => {
    const result = await page.call("/tests/browser/pages/smoke.ts", "double", { model: addModel(), threads });
    // y = x + x of [1, -2, 0.5]
    expect(result).toEqual({ isolated: true, values: [2, -4, 1], error: "InputError", threads });
  });

  it("passes on what the page throws", async () => {
    await expect(page.call("/tests/browser/pages/smoke.ts", "double", { model: new Uint8Array(3) })).rejects.toThrow(
      /smoke.ts double: /,
    );
  });
});
