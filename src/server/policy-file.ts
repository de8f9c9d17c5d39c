/** Policy files as they are handed out: whole, and still what they were when they were made. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { InputError, unusable } from "../base/index.ts";
import { policyMetadata } from "../policies/index.ts";
import { writeFileAtomic } from "../runs/node.ts";

/**
 * The content of a policy file. The first time its checksum is put beside it, as `sha256sum -c` reads it; from then on the two
 * must agree. Throws InputError that begins with `where` for a file that is no policy, is not there, or has changed.
 */
export async function readPolicyFile(file: string, where: string): Promise<Uint8Array> {
  const content = await readFile(file).catch((error) => Promise.reject(unusable(where, "read", error)));
  policyMetadata(content, where);
  const sum = `${createHash("sha256").update(content).digest("hex")}  ${basename(file)}\n`;
  const sumFile = `${file}.sha256`;
  const stated = await readFile(sumFile, "utf8").catch(() => null);
  if (stated === null) {
    // It can be handed out without: a disk may be full.
    await writeFileAtomic(sumFile, sum).catch(() => {});
  } else if (stated !== sum) {
    throw new InputError(`${where}: its file is damaged: found another checksum than in ${basename(sumFile)}`);
  }
  return content;
}
