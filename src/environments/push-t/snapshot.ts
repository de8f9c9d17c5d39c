/** The physics as plain numbers and back. */
import type { Snapshot } from "../../world/index.ts";
import type { Block, Memory, PhysicsState } from "./physics.ts";

type Numbers = readonly number[];

/** The part of a snapshot that holds the physics. */
export function showPhysics({
  pusher,
  block,
  memories,
}: PhysicsState): Record<"pusher" | "block" | "contacts", Numbers> {
  const { x, y, angle, vx, vy, spin, liftX, liftY, liftSpin } = block;
  return {
    pusher: [pusher.x, pusher.y, pusher.vx, pusher.vy],
    block: [x, y, angle, vx, vy, spin, liftX, liftY, liftSpin],
    contacts: memories.flatMap(({ pair, age, impulses }) => [pair, age, impulses.length, ...impulses]),
  };
}

/** The physics of a snapshot; null where it holds none. */
export function readPhysics({ pusher, block, contacts }: Snapshot): PhysicsState | null {
  if (!isNumbers(pusher, 4) || !isNumbers(block, 9) || !isNumbers(contacts)) return null;
  const memories = readMemories(contacts);
  if (!memories) return null;
  const [px, py, pvx, pvy] = pusher;
  return { pusher: { x: px, y: py, vx: pvx, vy: pvy }, block: readBlock(block), memories };
}

function readBlock([x, y, angle, vx, vy, spin, liftX, liftY, liftSpin]: Numbers): Block {
  return { x, y, angle, vx, vy, spin, liftX, liftY, liftSpin };
}

function readMemories(numbers: Numbers): Memory[] | null {
  const memories: Memory[] = [];
  for (let at = 0; at < numbers.length; ) {
    const [pair, age, size] = numbers.slice(at, at + 3);
    if (!(size >= 0) || at + 3 + size > numbers.length) return null;
    memories.push({ pair, age, impulses: numbers.slice(at + 3, at + 3 + size) });
    at += 3 + size;
  }
  return memories;
}

const isNumbers = (value: Snapshot[string], length?: number): value is Numbers =>
  Array.isArray(value) && (length === undefined || value.length === length) && value.every(Number.isFinite);
