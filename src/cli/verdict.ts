/** Thrown by a command that has printed its result, where the result is a failure: ends with 1, and nothing more is said. */
export class FailedVerdict extends Error {
  override name = "FailedVerdict";
}
