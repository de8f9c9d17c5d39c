import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InputError } from "../../src/base/index.ts";
import {
  expectTensor,
  readSafetensors,
  type StoredArray,
  type StoredDType,
  type StoredTensor,
  type StoredTensors,
  writeSafetensors,
} from "../../src/runs/index.ts";

const ARRAYS = {
  bool: Uint8Array,
  uint8: Uint8Array,
  int8: Int8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  float16: Uint16Array,
  bfloat16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  float32: Float32Array,
  float64: Float64Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
} satisfies Record<StoredDType, unknown>;

const bytesOf = (data: StoredArray) => Buffer.from(data.buffer, data.byteOffset, data.byteLength);

/** Compared as bytes, so that every NaN and -0 counts. */
const comparable = (tensors: StoredTensors) =>
  Object.fromEntries(
    Object.entries(tensors).map(([name, { dtype, shape, data }]) => [
      name,
      { dtype, shape, array: data.constructor.name, bytes: bytesOf(data).toString("hex") },
    ]),
  );

const names = fc.oneof(
  fc.string({ unit: "binary", maxLength: 6 }),
  fc.constantFrom("layer.0.weight", "10", "9", "__proto__", "constructor", '"\\\n', "", "\u{1f600}", "\uffff"),
);

const tensor = fc
  .record({
    dtype: fc.constantFrom(...(Object.keys(ARRAYS) as StoredDType[])),
    shape: fc.array(fc.nat(4), { maxLength: 3 }),
  })
  .chain(({ dtype, shape }) => {
    const size = shape.reduce((product, length) => product * length, 1);
    const length = size * ARRAYS[dtype].BYTES_PER_ELEMENT;
    const byte = fc.nat(dtype === "bool" ? 1 : 255);
    return fc.array(byte, { minLength: length, maxLength: length }).map((bytes): StoredTensor => {
      return { dtype, shape, data: new ARRAYS[dtype](Uint8Array.from(bytes).buffer) };
    });
  });

const tensorRecords = fc
  .uniqueArray(fc.tuple(names, tensor), { selector: ([name]) => name, maxLength: 6 })
  .map((entries): StoredTensors => Object.fromEntries(entries));
const metadataRecords = fc
  .uniqueArray(fc.tuple(names, fc.string({ unit: "binary" })), { selector: ([name]) => name, maxLength: 3 })
  .map((entries): Record<string, string> => Object.fromEntries(entries));

/** A file with this header and this many bytes of data. */
function fileOf(header: string | Uint8Array, dataBytes = 0): Uint8Array {
  const text = typeof header === "string" ? new TextEncoder().encode(header) : header;
  const file = new Uint8Array(8 + text.length + dataBytes);
  new DataView(file.buffer).setUint32(0, text.length, true);
  file.set(text, 8);
  return file;
}

const refusal = (bytes: Uint8Array): string => {
  try {
    readSafetensors(bytes, "a.safetensors");
  } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    const { message } = error as Error;
    expect(message).toMatch(/^a\.safetensors: [^\n\r]+$/);
    return message.slice("a.safetensors: ".length);
  }
  return "accepted";
};

/** A float32 pair [2] at bytes 0 to 8, with one field replaced. */
const pair = (change: object) =>
  fileOf(JSON.stringify({ a: { dtype: "F32", shape: [2], data_offsets: [0, 8], ...change } }), 8);

describe("round trip", () => {
  it("gives back every tensor and all metadata, from any position in memory", () => {
    fc.assert(
      fc.property(tensorRecords, metadataRecords, fc.nat(8), (tensors, metadata, shift) => {
        const file = writeSafetensors(tensors, metadata);
        const shifted = new Uint8Array(file.length + shift).subarray(shift);
        shifted.set(file);
        const found = readSafetensors(shifted, "a.safetensors");
        expect(comparable(found.tensors)).toEqual(comparable(tensors));
        expect(found.metadata).toEqual(metadata);
      }),
    );
  });

  it("writes the same bytes whatever the order of the records", () => {
    fc.assert(
      fc.property(tensorRecords, metadataRecords, (tensors, metadata) => {
        const reversed = <T>(record: Readonly<Record<string, T>>): Record<string, T> =>
          Object.fromEntries(Object.entries(record).reverse());
        expect(writeSafetensors(reversed(tensors), reversed(metadata))).toEqual(writeSafetensors(tensors, metadata));
      }),
    );
  });

  it("reads without copying where the array lies aligned, and copies elsewhere", () => {
    const file = writeSafetensors({ odd: { dtype: "uint8", shape: [3], data: Uint8Array.of(1, 2, 3) }, ...oneTensor });
    const aligned = readSafetensors(file, "a.safetensors").tensors;
    expect(aligned.x.data.buffer).toBe(file.buffer);
    const shifted = new Uint8Array(file.length + 1).subarray(1);
    shifted.set(file);
    const copied = readSafetensors(shifted, "a.safetensors").tensors;
    expect(copied.x.data.buffer).not.toBe(shifted.buffer);
    expect(copied.odd.data.buffer).toBe(shifted.buffer);
  });
});

const oneTensor = { x: { dtype: "float32", shape: [2], data: Float32Array.of(1.5, -2) } } as const;

describe("the official library", () => {
  // tests/golden/make_golden.py, python_safetensors(): safetensors.torch.save of eight tensors.
  const golden = readFileSync(join(import.meta.dirname, "..", "golden", "python.safetensors"));

  it("writes what we read", () => {
    const { tensors, metadata } = readSafetensors(golden, "python.safetensors");
    expect(metadata.note).toBe("Grüße");
    expect(tensors["layer.bias"]).toMatchObject({ dtype: "float32", shape: [5] });
    // 1e-40 is below the smallest normal float32 and kept as a subnormal one.
    expect([...tensors["layer.bias"].data]).toEqual([0, -0, Math.fround(1e-40), Number.POSITIVE_INFINITY, -3.5]);
    expect([...tensors.double.data]).toEqual([1 / 3, -1e300]);
    expect(tensors.double.shape).toEqual([2, 1]);
    expect([...tensors.counter.data]).toEqual([2n ** 40n + 1n]);
    expect(tensors.counter.shape).toEqual([]);
    expect([...tensors.index.data]).toEqual([-1, 2 ** 31 - 1]);
    expect(tensors.pixels).toEqual({ dtype: "uint8", shape: [1, 3], data: Uint8Array.of(0, 128, 255) });
    expect(tensors.valid).toEqual({ dtype: "bool", shape: [2], data: Uint8Array.of(1, 0) });
    expect(tensors.empty).toEqual({ dtype: "float32", shape: [0, 4], data: new Float32Array(0) });
  });

  it("writes the same bytes as we do", () => {
    const { tensors, metadata } = readSafetensors(golden, "python.safetensors");
    expect(Buffer.from(writeSafetensors(tensors, metadata)).equals(golden)).toBe(true);
  });

  it("orders dtypes and names as we do", () => {
    // safetensors 0.8.0: save of one tensor [3] per dtype, and of float32 tensors named as here, lists U64 I64 F64 F32 U32
    // I32 F16 U16 I16 I8 U8 BOOL (and BF16 before F16), and '"\\…' 10 9 j j\uffff j\u{1f600}.
    const zeros = (dtype: StoredDType): StoredTensor => ({ dtype, shape: [1], data: new ARRAYS[dtype](1) });
    const named = ["j\u{1f600}", "j\uffff", "9", "10", "j", '"\\\u0001\n\u007f'].map((name) => [
      name,
      zeros("float32"),
    ]);
    const kinds = (Object.keys(ARRAYS) as StoredDType[]).map((dtype) => [dtype, zeros(dtype)]);
    const order = (entries: unknown[][]) =>
      Object.entries(readSafetensors(writeSafetensors(Object.fromEntries(entries)), "a").tensors).map(([name]) => name);
    const text = new TextDecoder().decode(writeSafetensors(Object.fromEntries(named)).subarray(8));
    expect([...text.matchAll(/("(?:[^"\\]|\\.)*"):\{/g)].map(([, name]) => JSON.parse(name))).toEqual([
      '"\\\u0001\n\u007f',
      "10",
      "9",
      "j",
      "j\uffff",
      "j\u{1f600}",
    ]);
    expect(order(kinds).join(" ")).toBe(
      "uint64 int64 float64 float32 uint32 int32 bfloat16 float16 uint16 int16 int8 uint8 bool",
    );
  });

  it("one small file, byte by byte", () => {
    // 0x38 = 56 bytes of header, of which the last is padding: 55 + 1 = 7 * 8.
    const header = '{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}';
    const file = writeSafetensors(oneTensor);
    expect(Buffer.from(file).toString("latin1")).toBe(
      `\x38${"\0".repeat(7)}${header.padEnd(56)}\x00\x00\xc0\x3f\x00\x00\x00\xc0`,
    );
  });
});

describe("malformed files", () => {
  it.each([
    ["no bytes", new Uint8Array(0), "0 bytes are too few for a safetensors file, expected at least 8"],
    ["seven bytes", new Uint8Array(7), "7 bytes are too few for a safetensors file, expected at least 8"],
    ["header beyond the end", fileOf("{}").subarray(0, 9), "the header would end at byte 10, the file has 9"],
    [
      "header over 100 MB",
      Uint8Array.of(1, 0xe1, 0xf5, 5, 0, 0, 0, 0),
      "the header would be 100000001 bytes, at most 100000000 are allowed",
    ],
    ["header of 2^63", Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 128), /^the header would be 9223372036854776000 bytes/],
    ["no header", fileOf(""), 'the header begins with "", expected "{"'],
    ["a list", fileOf("[]"), 'the header begins with "[", expected "{"'],
    ["a byte order mark", fileOf("\ufeff{}"), 'the header begins with "\ufeff", expected "{"'],
    ["a space first", fileOf(" {}"), 'the header begins with " ", expected "{"'],
    ["no UTF-8", fileOf(Uint8Array.of(0x7b, 0xff, 0x7d)), "the header is not valid UTF-8"],
    ["half an object", fileOf('{"a":\n'), /^the header is not valid JSON: /],
    ["a key twice", fileOf('{"a":{"x":1},"\\u0061":{}}'), 'the header has the key "\\u0061" twice'],
    ["a field twice", fileOf('{"a":{"dtype":"U8","dtype":"U8"}}'), 'the header has the key "dtype" twice'],
    ["half a surrogate", fileOf('{"\\ud800":{}}'), 'the header\'s string "\\ud800" is not Unicode text'],
    [
      "1.0 for 1",
      fileOf('{"a":{"dtype":"U8","shape":[1.0],"data_offsets":[0,1]}}', 1),
      'the header\'s entry "a" holds 1.0, expected whole numbers from 0 up',
    ],
    ["no tensor", fileOf('{"a":[1]}'), 'tensor "a": found [1], expected dtype, shape and data_offsets'],
    ["unknown dtype", pair({ dtype: "F8_E4M3" }), /^tensor "a": unknown dtype "F8_E4M3", expected one of U64, .*BOOL$/],
    ["no dtype", pair({ dtype: undefined }), /^tensor "a": unknown dtype nothing/],
    ["no shape", pair({ shape: undefined }), /^tensor "a": found the shape nothing, expected a list/],
    ["one offset", pair({ data_offsets: [8] }), /^tensor "a": found the data_offsets \[8\], expected two/],
    ["offsets backwards", pair({ data_offsets: [8, 0] }), 'tensor "a": begins at byte 8 and ends before it, at 0'],
    [
      "beyond the end",
      pair({ shape: [3], data_offsets: [0, 12] }),
      'tensor "a": ends at byte 12 of the data, the file has only 8',
    ],
    ["wrong size", pair({ shape: [3] }), 'tensor "a": 8 bytes lie at [0, 8], F32 of shape [3] needs 12'],
    ["overflow", pair({ shape: [2 ** 40, 2 ** 40] }), /^tensor "a": the shape .* has more bytes than can be counted$/],
    ["overflow before a zero", pair({ shape: [2 ** 40, 2 ** 40, 0] }), /has more bytes than can be counted$/],
    [
      "a hole first",
      pair({ shape: [1], data_offsets: [4, 8] }),
      /^tensor "a" leaves a hole before it: begins at byte 4/,
    ],
    ["trailing bytes", pair({ shape: [1], data_offsets: [0, 4] }), "8 bytes of data, the tensors end at byte 4"],
    ["only trailing bytes", fileOf("{}", 3), "3 bytes of data, the tensors end at byte 0"],
    [
      "overlap",
      fileOf(
        '{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}}',
        4,
      ),
      'tensor "b" overlaps the tensor before it: begins at byte 2, expected 4',
    ],
    ["metadata of numbers", fileOf('{"__metadata__":{"a":1}}'), '__metadata__ "a" is 1, expected a string'],
    ["metadata as a list", fileOf('{"__metadata__":["a"]}'), '__metadata__ is ["a"], expected strings by name'],
  ])("%s", (_, bytes, expected) => {
    const message = refusal(bytes);
    if (typeof expected === "string") expect(message).toBe(expected);
    else expect(message).toMatch(expected);
  });

  it.each([[-1], [0.5], [1e300]])("a length of %j", (length) => {
    expect(refusal(pair({ shape: [length] }))).toMatch(/^the header's entry "a" holds .*, expected whole numbers/);
  });

  it.each([["2"], [null], [2 ** 53]])("a length of %j", (length) => {
    expect(refusal(pair({ shape: [length] }))).toMatch(
      /^tensor "a": found the shape .*, expected a list of whole numbers/,
    );
  });

  it("a bool that is neither 0 nor 1", () => {
    const file = fileOf('{"b":{"dtype":"BOOL","shape":[2],"data_offsets":[0,2]}}', 2);
    file[file.length - 1] = 2;
    expect(refusal(file)).toBe('tensor "b": bool element 1 is the byte 2, expected 0 or 1');
  });

  it("what is damaged anywhere is refused, or is another valid file: never a crash", () => {
    const change = fc.oneof(
      fc.record({ kind: fc.constant("cut" as const), at: fc.nat(), byte: fc.constant(0) }),
      fc.record({ kind: fc.constant("insert" as const), at: fc.nat(), byte: fc.nat(255) }),
      fc.record({ kind: fc.constant("replace" as const), at: fc.nat(), byte: fc.nat(255) }),
    );
    fc.assert(
      fc.property(
        tensorRecords,
        metadataRecords,
        fc.array(change, { minLength: 1, maxLength: 3 }),
        (tensors, metadata, changes) => {
          let file: number[] = [...writeSafetensors(tensors, metadata)];
          for (const { kind, at, byte } of changes) {
            const index = at % (file.length + 1);
            if (kind === "cut") file = file.slice(0, index);
            else file.splice(index, kind === "insert" ? 0 : 1, byte);
          }
          const bytes = Uint8Array.from(file);
          if (refusal(bytes) !== "accepted") return;
          // Accepted: then it is a whole file, whose content our writer can write and our reader reads the same.
          const found = readSafetensors(bytes, "a");
          const again = readSafetensors(writeSafetensors(found.tensors, found.metadata), "a");
          expect(comparable(again.tensors)).toEqual(comparable(found.tensors));
          const total = Object.values(found.tensors).reduce((sum, { data }) => sum + data.byteLength, 0);
          expect(total).toBe(bytes.length - 8 - new DataView(bytes.buffer).getUint32(0, true));
        },
      ),
      { numRuns: 500 },
    );
  });

  it("a file cut short or extended is always refused", () => {
    fc.assert(
      fc.property(tensorRecords, fc.nat(), fc.integer({ min: 1, max: 9 }), (tensors, at, extra) => {
        const file = writeSafetensors(tensors);
        expect(refusal(file.subarray(0, at % file.length))).not.toBe("accepted");
        const longer = new Uint8Array(file.length + extra);
        longer.set(file);
        expect(refusal(longer)).not.toBe("accepted");
      }),
    );
  });
});

describe("what cannot be written", () => {
  it.each([
    ["__metadata__", oneTensor.x, "the format does not allow this name"],
    ["\ud800", oneTensor.x, "the format does not allow this name"],
    ["x", { ...oneTensor.x, shape: [3] }, "2 elements do not fill the shape [3]"],
    ["x", { ...oneTensor.x, shape: [-1, -2] }, "2 elements do not fill the shape [-1, -2]"],
    ["x", { ...oneTensor.x, dtype: "float64" }, "found a Float32Array, float64 is held by a Float64Array"],
    ["x", { ...oneTensor.x, dtype: "complex64" }, "unknown dtype complex64"],
    ["x", { dtype: "bool", shape: [1], data: Uint8Array.of(7) }, "bool element 0 is the byte 7, expected 0 or 1"],
  ])("%j", (name, bad, message) => {
    expect(() => writeSafetensors({ [name]: bad as StoredTensor })).toThrow(message);
  });

  it("metadata that is no Unicode text", () => {
    expect(() => writeSafetensors({}, { a: "\udc00" })).toThrow("is not Unicode text");
  });
});

describe("expectTensor", () => {
  const where = "run/a.safetensors";

  it("gives the data of the expected dtype and shape", () => {
    const data: Float32Array = expectTensor(oneTensor, "x", { dtype: "float32", shape: [2] }, where);
    expect(data).toBe(oneTensor.x.data);
  });

  it("refuses what is absent or differs", () => {
    const expected = { dtype: "float32", shape: [1, 2] } as const;
    expect(() => expectTensor(oneTensor, "x", expected, where)).toThrow(
      new InputError('run/a.safetensors: tensor "x" is float32 [2], expected float32 [1, 2]'),
    );
    expect(() => expectTensor(oneTensor, "toString", expected, where)).toThrow(
      new InputError('run/a.safetensors: there is no tensor "toString", expected float32 [1, 2]'),
    );
  });
});
