/** Waiting for what is there already would cost every step of a simulated world a turn of the queue. */
export function isLater<T>(value: T | Promise<T>): value is Promise<T> {
  return typeof value === "object" && value !== null && "then" in value;
}
