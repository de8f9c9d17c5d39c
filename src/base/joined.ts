/** Some of the rows, each of `size` numbers, in the order in which they are named. */
export function pickRows(values: Float32Array, size: number, rows: ArrayLike<number>): Float32Array {
  const picked = new Float32Array(rows.length * size);
  for (let i = 0; i < rows.length; i++) picked.set(values.subarray(rows[i] * size, (rows[i] + 1) * size), i * size);
  return picked;
}

/** The arrays one after another, in a new one of type `Whole`: `joined(Float32Array, parts)`. */
export function joined<A extends Float32Array | Int32Array | Uint8Array>(
  Whole: new (size: number) => A,
  parts: readonly A[],
): A {
  const whole = new Whole(parts.reduce((total, part) => total + part.length, 0));
  let position = 0;
  for (const part of parts) {
    whole.set(part, position);
    position += part.length;
  }
  return whole;
}
