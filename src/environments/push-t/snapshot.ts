/** The physics as plain numbers and back. */
import type { Snapshot } from "../../world/index.ts";
import type { Box, Pair, Search, Tree } from "./order.ts";
import type { Block, Memory, PhysicsState } from "./physics.ts";

type Numbers = readonly number[];

/** The part of a snapshot that holds the physics. */
export function showPhysics({ pusher, block, memories, search }: PhysicsState) {
  const { x, y, angle, vx, vy, spin, liftX, liftY, liftSpin } = block;
  return {
    pusher: [pusher.x, pusher.y, pusher.vx, pusher.vy],
    block: [x, y, angle, vx, vy, spin, liftX, liftY, liftSpin],
    contacts: memories.flatMap(({ pair, age, impulses }) => [pair, age, impulses.length, ...impulses]),
    boxes: search.boxes.flat(),
    tree: showTree(search.tree),
    pairs: search.pairs.flat(),
  } satisfies Record<string, Numbers>;
}

/** Leaves by their shape, forks by -1, each before its branches. */
const showTree = (tree: Tree): number[] =>
  typeof tree === "number" ? [tree] : [-1, ...showTree(tree[0]), ...showTree(tree[1])];

/** The physics of a snapshot; null where it holds none. */
export function readPhysics({ pusher, block, contacts, boxes, tree, pairs }: Snapshot): PhysicsState | null {
  if (!isNumbers(pusher, 4) || !isNumbers(block, 9) || !isNumbers(contacts)) return null;
  const [memories, search] = [readMemories(contacts), readSearch({ boxes, tree, pairs })];
  if (!memories || !search) return null;
  const [px, py, pvx, pvy] = pusher;
  return { pusher: { x: px, y: py, vx: pvx, vy: pvy }, block: readBlock(block), memories, search };
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

function readSearch({ boxes, tree, pairs }: Snapshot): Search | null {
  if (!isNumbers(boxes, 12) || !isNumbers(tree, 5) || !isNumbers(pairs) || pairs.length % 2 > 0) return null;
  const leaves = tree.filter((shape) => shape >= 0).toSorted((a, b) => a - b);
  if (leaves.join() !== "0,1,2") return null;
  return {
    boxes: [0, 4, 8].map((at): Box => [boxes[at], boxes[at + 1], boxes[at + 2], boxes[at + 3]]),
    tree: readTree([...tree]),
    pairs: pairs.flatMap((shape, i): Pair[] => (i % 2 === 0 ? [[shape, pairs[i + 1]]] : [])),
  };
}

/** Takes its numbers from the front of `rest`. */
function readTree(rest: number[]): Tree {
  const shape = rest.shift() ?? 0;
  return shape < 0 ? [readTree(rest), readTree(rest)] : shape;
}

const isNumbers = (value: Snapshot[string], length?: number): value is Numbers =>
  Array.isArray(value) && (length === undefined || value.length === length) && value.every(Number.isFinite);
