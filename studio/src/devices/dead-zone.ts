/** A stick's value without its dead zone, [-1, 1]: 0 up to `zone`, then from 0 on, finer in the middle than outside. */
export function withoutDeadZone(value: number, zone: number): number {
  const size = Math.abs(value);
  if (!(size > zone)) return 0;
  const share = Math.min(1, (size - zone) / (1 - zone));
  return Math.sign(value) * share ** 1.5;
}
