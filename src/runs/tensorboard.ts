/**
 * TensorBoard's event files: TFRecord framing around `tensorboard.Event` messages (tensorboard/compat/proto/event.proto and
 * summary.proto; framing as in tensorflow/core/lib/io/record_writer.h).
 */
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

/** `wallTime` in seconds since 1970. */
export type TensorboardEvent = { readonly wallTime: number } & (
  | { readonly kind: "version" }
  | { readonly kind: "scalars"; readonly step: number; readonly scalars: Readonly<Record<string, number>> }
  /** Training goes on from an earlier point: readers forget what they have from `step` on. */
  | { readonly kind: "restart"; readonly step: number }
);

/** The table of crc32c for one byte: the polynomial 0x1EDC6F41 (Castagnoli), bits reversed. */
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc;
});

/** CRC-32C (RFC 3720, appendix B.4). */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ TABLE[(crc ^ byte) & 0xff];
  return ~crc >>> 0;
}

/** Rotated and shifted, so that the checksum of data that holds checksums is still worth something. */
const masked = (crc: number): number => (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;

/** `bytes` as one record: length as uint64, masked checksum of it, the bytes, masked checksum of these; little-endian. */
export function frameRecord(bytes: Uint8Array): Uint8Array {
  const record = new Uint8Array(bytes.length + 16);
  const view = new DataView(record.buffer);
  view.setUint32(0, bytes.length, true);
  view.setUint32(8, masked(crc32c(record.subarray(0, 8))), true);
  record.set(bytes, 12);
  view.setUint32(12 + bytes.length, masked(crc32c(bytes)), true);
  return record;
}

/** One `Event` message: wall_time = 1, step = 2, file_version = 3, summary = 5, session_log = 7. */
export function encodeEvent(event: TensorboardEvent): Uint8Array {
  const writer = new BinaryWriter().tag(1, WireType.Bit64).double(event.wallTime);
  switch (event.kind) {
    case "version":
      return writer.tag(3, WireType.LengthDelimited).string("brain.Event:2").finish();
    case "restart":
      writer.tag(2, WireType.Varint).int64(event.step);
      // SessionLog: status = 1, START = 1.
      return writer.tag(7, WireType.LengthDelimited).fork().tag(1, WireType.Varint).int32(1).join().finish();
    case "scalars":
      writer.tag(2, WireType.Varint).int64(event.step).tag(5, WireType.LengthDelimited).fork();
      for (const [name, value] of Object.entries(event.scalars)) {
        // Summary: value = 1; Summary.Value: tag = 1, simple_value = 2.
        writer.tag(1, WireType.LengthDelimited).fork().tag(1, WireType.LengthDelimited).string(name);
        writer.tag(2, WireType.Bit32).float(Math.fround(value)).join();
      }
      return writer.join().finish();
    default:
      return event satisfies never;
  }
}
