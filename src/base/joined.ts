/** The arrays one after another, in a new one of type `Whole`: `joined(Float32Array, parts)`. */
export function joined<A extends Float32Array | Int32Array>(Whole: new (size: number) => A, parts: readonly A[]): A {
  const whole = new Whole(parts.reduce((total, part) => total + part.length, 0));
  let position = 0;
  for (const part of parts) {
    whole.set(part, position);
    position += part.length;
  }
  return whole;
}
