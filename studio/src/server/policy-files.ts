/** Policies that were trained in this page: kept in the browser's own file system where it lets us, else in memory. */
import type { PolicySummary } from "apprentice";

export interface PolicyFiles {
  /** Those that are kept, the oldest first. Files that are damaged are passed over. */
  list(): Promise<PolicySummary[]>;
  /** Rejects with one line where there is none of that id. */
  bytes(id: string): Promise<Uint8Array>;
  add(policy: PolicySummary, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
}

const FOLDER = "apprentice-policies";

export function policyFiles(): PolicyFiles {
  const held = new Map<string, { policy: PolicySummary; bytes: Uint8Array }>();
  const folder = async () => (await navigator.storage.getDirectory()).getDirectoryHandle(FOLDER, { create: true });
  const read = async (name: string) => (await (await folder()).getFileHandle(name)).getFile();
  const write = async (name: string, content: string | Uint8Array<ArrayBuffer>) => {
    const stream = await (await (await folder()).getFileHandle(name, { create: true })).createWritable();
    await stream.write(content);
    await stream.close();
  };
  const readPolicy = async (name: string): Promise<PolicySummary[]> => {
    try {
      return [JSON.parse(await (await read(name)).text()) as PolicySummary];
    } catch {
      return [];
    }
  };

  return {
    async list() {
      const names: string[] = [];
      try {
        for await (const name of (await folder()).keys()) if (name.endsWith(".json")) names.push(name);
      } catch {
        // Private windows of some browsers have no files.
      }
      const kept = (await Promise.all(names.map(readPolicy))).flat();
      const all = [...kept, ...[...held.values()].map(({ policy }) => policy)];
      return all.toSorted((a, b) => a.created - b.created);
    },
    async bytes(id) {
      const inMemory = held.get(id);
      if (inMemory) return inMemory.bytes;
      try {
        return new Uint8Array(await (await read(`${id}.onnx`)).arrayBuffer());
      } catch {
        throw new Error(`policy ${id}: there is no such file in this browser`);
      }
    },
    async add(policy, bytes) {
      try {
        // The file first: a policy that is listed is whole.
        await write(`${policy.id}.onnx`, bytes);
        await write(`${policy.id}.json`, JSON.stringify(policy));
      } catch {
        held.set(policy.id, { policy, bytes });
      }
    },
  };
}
