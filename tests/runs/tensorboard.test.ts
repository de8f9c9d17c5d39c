import { BinaryReader } from "@bufbuild/protobuf/wire";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { crc32c, encodeEvent, frameRecord } from "../../src/runs/index.ts";
import { recordsOf } from "./event-records.ts";

const ascii = (text: string) => new TextEncoder().encode(text);

describe("crc32c", () => {
  it("gives the check values", () => {
    // RFC 3720, appendix B.4: 32 bytes of zeros, of ones, and counting up; and the catalogue's check value for "123456789".
    expect(crc32c(ascii("123456789"))).toBe(0xe3069283);
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
    expect(crc32c(Uint8Array.from({ length: 32 }, (_, index) => index))).toBe(0x46dd794e);
    expect(crc32c(new Uint8Array(0))).toBe(0);
  });
});

describe("events", () => {
  // Python, tensorboard 2.21.0: RecordWriter(file).write(event_pb2.Event(wall_time=1.5, …).SerializeToString()), with
  // file_version="brain.Event:2"; step=300 and the summary loss 0.25, heldOut/nats -3; step=2**40 and session_log START.
  it.each([
    [{ kind: "version" as const }, "1800000000000000a37f4b2209000000000000f83f1a0d627261696e2e4576656e743a322a28646c"],
    [
      { kind: "scalars" as const, step: 300, scalars: { loss: 0.25, "heldOut/nats": -3 } },
      "300000000000000095f5d05f09000000000000f83f10ac022a220a0b0a046c6f7373150000803e0a130a0c68656c644f75742f6e61747315000040c0f5167c07",
    ],
    [
      { kind: "restart" as const, step: 2 ** 40 },
      "14000000000000005e3d291509000000000000f83f108080808080203a0208015cf6af37",
    ],
  ])("%j: the bytes that TensorBoard writes", (event, golden) => {
    expect(Buffer.from(frameRecord(encodeEvent({ wallTime: 1.5, ...event }))).toString("hex")).toBe(golden);
  });

  it("keep any number as float32, and the step whole", () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.double(), (step, value) => {
        const [bytes] = recordsOf(
          frameRecord(encodeEvent({ kind: "scalars", wallTime: 0, step, scalars: { x: value } })),
        );
        // wall_time: tag and double; step: tag and varint; summary: tag and length; its value: tag and length; "x"; the float.
        const reader = new BinaryReader(bytes);
        expect([reader.tag()[0], reader.double(), reader.tag()[0], Number(reader.int64())]).toEqual([1, 0, 2, step]);
        expect(new DataView(bytes.buffer, bytes.byteOffset).getFloat32(bytes.length - 4, true)).toBe(
          Math.fround(value),
        );
      }),
    );
  });

  it("a framed record is refused once any of its bits is changed", () => {
    const record = frameRecord(ascii("some bytes"));
    expect(recordsOf(record)).toEqual([ascii("some bytes")]);
    fc.assert(
      fc.property(fc.nat(record.length * 8 - 1), (bit) => {
        const changed = record.slice();
        changed[bit >> 3] ^= 1 << (bit & 7);
        expect(() => recordsOf(changed)).toThrow();
      }),
    );
  });
});
