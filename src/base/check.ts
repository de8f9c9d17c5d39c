/**
 * Bad input from outside: a file, a field, a flag. The message is one line that names the file, field or flag, says what
 * was found and what was expected; the command line prints it alone and exits with 2. Faults of the program itself are
 * plain `Error`s or `RangeError`s.
 */
export class InputError extends Error {
  override name = "InputError";
}
