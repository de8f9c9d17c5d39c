/** FNV-1a over the float64 bytes of some numbers: equal where every bit is equal. */
export function fingerprint(numbers: ArrayLike<number>): number {
  const bytes = new Uint8Array(Float64Array.from(numbers).buffer);
  return bytes.reduce((hash, byte) => Math.imul(hash ^ byte, 0x01000193) >>> 0, 0x811c9dc5);
}
