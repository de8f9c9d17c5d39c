import { expect } from "vitest";

/** The message of the InputError that `work` throws: one line. */
export async function refusal(work: () => unknown): Promise<string> {
  try {
    await work();
  } catch (error) {
    expect(error).toMatchObject({ name: "InputError" });
    const { message } = error as Error;
    expect(message).not.toContain("\n");
    return message;
  }
  throw new Error("found no refusal");
}
