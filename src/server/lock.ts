/** One server per data folder: two would go on with the same recordings. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { InputError, unusable } from "../base/index.ts";

interface Holder {
  readonly process: number;
  readonly host: string;
  readonly port: number;
}

/**
 * Takes the data folder; returns what gives it back. What a killed server left counts for nothing: its process is gone, or
 * nothing listens where it did. Throws InputError where another server has it.
 */
export async function takeFolder(data: string, here: Omit<Holder, "process">): Promise<() => void> {
  const file = join(data, "server.json");
  const holder = readHolder(file);
  if (holder && (await isServing(holder))) {
    throw new InputError(
      `${data}: another studio serves this folder (process ${holder.process}, port ${holder.port}), expected none`,
    );
  }
  const text = JSON.stringify({ process: process.pid, ...here });
  try {
    writeFileSync(file, `${text}\n`);
  } catch (error) {
    throw unusable(file, "written", error);
  }
  return () => {
    if (readHolder(file)?.process === process.pid) rmSync(file, { force: true });
  };
}

function readHolder(file: string): Holder | null {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return null;
  }
}

async function isServing({ process: id, host, port }: Holder): Promise<boolean> {
  if (id === process.pid || !isAlive(id)) return false;
  // The number may be another program's by now.
  return new Promise((resolve) => {
    const socket = connect({ host: host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host, port, timeout: 2000 });
    const answer = (serves: boolean) => {
      socket.destroy();
      resolve(serves);
    };
    socket.once("connect", () => answer(true));
    socket.once("error", () => answer(false));
    socket.once("timeout", () => answer(true));
  });
}

function isAlive(id: number): boolean {
  try {
    process.kill(id, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
