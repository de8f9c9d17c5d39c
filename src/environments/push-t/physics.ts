/**
 * The physics of Push-T: a kinematic disc pushes a T without friction between four walls; the T loses all velocity at every
 * substep. It follows the original's engine, Chipmunk 7, in what decides where the T comes to lie: positions move
 * before contacts are found, penetration is undone by a velocity of its own ("pseudo-velocities", Catto 2005), impulses are
 * those of the last substep corrected by ten passes of Gauss-Seidel. Lengths in px, times in s, angles in rad, mass 1.
 */
import { direction } from "../../base/index.ts";
import { type Contact, type Frame, touchDisc } from "./contact.ts";
import { type Box, firstSearch, type Mover, type Pair, type Search, SHAPES, searchOn, WALL } from "./order.ts";
import { CENTRE_OF_GRAVITY, RECTANGLES, type Rectangle } from "./shape.ts";
import { touchWall, wallBetween } from "./walls.ts";

export const PUSHER_RADIUS = 15;
/** Length of a substep, s. */
const SUBSTEP = 0.01;
/** The target pulls the pusher with 100 /s^2 per px, its own velocity brakes it with 20 /s. */
const PULL = 100;
const BRAKE = 20;

const INVERSE_MASS = 1;
/** The original's moment: it counts the bar (1500) twice and leaves out the stem. */
const INVERSE_MOMENT = 1 / 3000;
const PASSES = 10;
/** Overlap that is left alone, px: 0.1 in float32. */
const SLOP = Math.fround(0.1);
/** The share of the remaining overlap that one substep undoes: 1 - 0.9^(60 x 0.01), as float32 has 0.9^60. */
const RECOVERY = 0.06125962156130738;
/** Impulses of a contact are remembered for this many substeps. */
const MEMORY = 3;

const WALL_RADIUS = 2;
const WALLS = [
  wallBetween({ x: 5, y: 506 }, { x: 5, y: 5 }),
  wallBetween({ x: 5, y: 5 }, { x: 506, y: 5 }),
  wallBetween({ x: 506, y: 5 }, { x: 506, y: 506 }),
  wallBetween({ x: 5, y: 506 }, { x: 506, y: 506 }),
];

const WALL_BOXES = WALLS.map(
  ({ from, to }): Box => [
    Math.min(from.x, to.x) - WALL_RADIUS,
    Math.min(from.y, to.y) - WALL_RADIUS,
    Math.max(from.x, to.x) + WALL_RADIUS,
    Math.max(from.y, to.y) + WALL_RADIUS,
  ],
);

/** The T's centre of gravity, angle and velocities; `lift` is the velocity that undoes overlap. */
export interface Block {
  x: number;
  y: number;
  angle: number;
  vx: number;
  vy: number;
  spin: number;
  liftX: number;
  liftY: number;
  liftSpin: number;
}

/** What two shapes remember of their last contact. */
export interface Memory {
  /** Which two shapes: rectangle of the T + 2 x (0 for the pusher, else 1 + wall). */
  readonly pair: number;
  /** Substeps since they touched; 0 where they touched in the last one. */
  readonly age: number;
  /** Of each contact its key and its impulse, in turns. */
  readonly impulses: readonly number[];
}

/** Everything that moves, and everything that decides how it moves on. */
export interface PhysicsState {
  pusher: { x: number; y: number; vx: number; vy: number };
  block: Block;
  memories: readonly Memory[];
  search: Search;
}

/** A contact while it is solved. */
interface Joint {
  readonly key: number;
  readonly nx: number;
  readonly ny: number;
  /** From the centre of gravity to the contact, and across the normal: the lever. */
  readonly lever: number;
  /** Velocity of the other shape along the normal, px/s. */
  readonly approach: number;
  readonly mass: number;
  /** Velocity along the normal that undoes the overlap. */
  readonly recovery: number;
  liftImpulse: number;
  impulse: number;
}

/** Two shapes that touch in this substep. */
interface Meeting {
  readonly pair: number;
  /** Whether they touched in the last substep as well. */
  readonly lasting: boolean;
  readonly joints: readonly Joint[];
}

/** Moves `state` on by one substep while the pusher is pulled to (targetX, targetY). */
export function substep(state: PhysicsState, targetX: number, targetY: number): void {
  const { pusher } = state;
  pusher.vx += (PULL * (targetX - pusher.x) - BRAKE * pusher.vx) * SUBSTEP;
  pusher.vy += (PULL * (targetY - pusher.y) - BRAKE * pusher.vy) * SUBSTEP;
  advance(state);
}

/** One substep of the engine alone: the pusher keeps its velocity. */
export function advance(state: PhysicsState): void {
  const { pusher, block } = state;
  pusher.x += pusher.vx * SUBSTEP;
  pusher.y += pusher.vy * SUBSTEP;
  block.x += (block.vx + block.liftX) * SUBSTEP;
  block.y += (block.vy + block.liftY) * SUBSTEP;
  block.angle += (block.spin + block.liftSpin) * SUBSTEP;
  const frame = frameOf(block);
  const { search, found } = searchOn(state.search, moversOf(pusher, block, frame), WALL_BOXES);
  block.vx = block.vy = block.spin = block.liftX = block.liftY = block.liftSpin = 0;
  const meetings = findMeetings(state, frame, found);
  for (const { lasting, joints } of meetings) {
    if (lasting) for (const joint of joints) push(block, joint, joint.impulse);
  }
  for (let pass = 0; pass < PASSES; pass++) {
    for (const { joints } of meetings) for (const joint of joints) solve(block, joint);
  }
  state.search = search;
  state.memories = remember(state.memories, meetings);
}

/** Those of `found` that touch, with their contacts. */
function findMeetings({ pusher, block, memories }: PhysicsState, frame: Frame, found: readonly Pair[]): Meeting[] {
  const meetings: Meeting[] = [];
  for (const shapes of found) {
    // the pusher passes through walls, and the T's rectangles do not touch each other
    const [rectangle, other] = [Math.min(...shapes), Math.max(...shapes)];
    if (rectangle >= RECTANGLES.length || other < SHAPES.pusher) continue;
    const byPusher = other === SHAPES.pusher;
    const contacts = byPusher
      ? touchDisc(pusher, PUSHER_RADIUS, RECTANGLES[rectangle], frame)
      : touchWall(WALLS[other - WALL], WALL_RADIUS, RECTANGLES[rectangle], frame);
    if (contacts.length === 0) continue;
    const pair = rectangle + 2 * (other - SHAPES.pusher);
    const memory = memories.find((memory) => memory.pair === pair);
    const joints = contacts.map((contact) =>
      prepare(contact, block, byPusher ? pusher.vx * contact.nx + pusher.vy * contact.ny : 0, memory),
    );
    meetings.push({ pair, lasting: memory?.age === 0, joints });
  }
  return meetings;
}

/** In the order of `SHAPES`. */
function moversOf(pusher: PhysicsState["pusher"], { vx, vy }: Block, frame: Frame): Mover[] {
  const r = PUSHER_RADIUS;
  const box: Box = [pusher.x - r, pusher.y - r, pusher.x + r, pusher.y + r];
  const rectangles = RECTANGLES.map((rectangle) => ({ box: boxAround(rectangle, frame), vx, vy }));
  return [...rectangles, { box, vx: pusher.vx, vy: pusher.vy }];
}

function boxAround({ left, right, low, high }: Rectangle, { x, y, cosine, sine }: Frame): Box {
  const [px, py] = [(left + right) / 2, (low + high) / 2];
  const [cx, cy] = [x + px * cosine - py * sine, y + px * sine + py * cosine];
  const [width, height] = [(right - left) / 2, (high - low) / 2];
  const reachX = width * Math.abs(cosine) + height * Math.abs(sine);
  const reachY = width * Math.abs(sine) + height * Math.abs(cosine);
  return [cx - reachX, cy - reachY, cx + reachX, cy + reachY];
}

/** A pusher and a T at rest, anywhere, in the state of a world that was just built. */
export function atRest(
  pusher: { x: number; y: number },
  { x, y, angle }: Pick<Block, "x" | "y" | "angle">,
): PhysicsState {
  return {
    pusher: { x: pusher.x, y: pusher.y, vx: 0, vy: 0 },
    block: { x, y, angle, ...STILL },
    memories: [],
    search: FIRST_SEARCH,
  };
}

function frameOf({ x, y, angle }: Block): Frame {
  const [cosine, sine] = direction(angle);
  const { x: cx, y: cy } = CENTRE_OF_GRAVITY;
  return { x: x - (cx * cosine - cy * sine), y: y - (cx * sine + cy * cosine), cosine, sine };
}

function prepare(contact: Contact, block: Block, approach: number, memory: Memory | undefined): Joint {
  const { key, nx, ny } = contact;
  const lever = (contact.x - block.x) * ny - (contact.y - block.y) * nx;
  return {
    key,
    nx,
    ny,
    lever,
    approach,
    mass: 1 / (INVERSE_MASS + INVERSE_MOMENT * lever * lever),
    recovery: (-RECOVERY * Math.min(0, contact.distance + SLOP)) / SUBSTEP,
    liftImpulse: 0,
    impulse: recall(memory, key),
  };
}

function recall(memory: Memory | undefined, key: number): number {
  if (!memory) return 0;
  for (let i = 0; i < memory.impulses.length; i += 2) if (memory.impulses[i] === key) return memory.impulses[i + 1];
  return 0;
}

/** Gives both velocities along the normal what they lack; a contact pushes and never pulls. */
function solve(block: Block, joint: Joint): void {
  const lifting = block.liftX * joint.nx + block.liftY * joint.ny + block.liftSpin * joint.lever;
  const liftImpulse = Math.max(joint.liftImpulse + (joint.recovery - lifting) * joint.mass, 0);
  const lift = liftImpulse - joint.liftImpulse;
  joint.liftImpulse = liftImpulse;
  block.liftX += lift * joint.nx * INVERSE_MASS;
  block.liftY += lift * joint.ny * INVERSE_MASS;
  block.liftSpin += lift * joint.lever * INVERSE_MOMENT;
  const leaving = block.vx * joint.nx + block.vy * joint.ny + block.spin * joint.lever - joint.approach;
  const impulse = Math.max(joint.impulse - leaving * joint.mass, 0);
  push(block, joint, impulse - joint.impulse);
  joint.impulse = impulse;
}

function push(block: Block, { nx, ny, lever }: Joint, impulse: number): void {
  block.vx += impulse * nx * INVERSE_MASS;
  block.vy += impulse * ny * INVERSE_MASS;
  block.spin += impulse * lever * INVERSE_MOMENT;
}

/** What is known after this substep: the contacts of now, and those that ended lately. */
function remember(memories: readonly Memory[], meetings: readonly Meeting[]): readonly Memory[] {
  if (meetings.length === 0 && memories.length === 0) return memories;
  const fresh = meetings.map(({ pair, joints }) => ({
    pair,
    age: 0,
    impulses: joints.flatMap(({ key, impulse }) => [key, impulse]),
  }));
  const fading = memories
    .filter(({ pair, age }) => age + 1 < MEMORY && !meetings.some((meeting) => meeting.pair === pair))
    .map((memory) => ({ ...memory, age: memory.age + 1 }));
  return [...fresh, ...fading];
}

const STILL = { vx: 0, vy: 0, spin: 0, liftX: 0, liftY: 0, liftSpin: 0 };

/** The original builds its world with the pusher at (256, 400) and the T at (256, 300), upright, and moves them later. */
const FIRST_SEARCH = firstSearch(
  moversOf(
    { x: 256, y: 400, vx: 0, vy: 0 },
    { x: 256, y: 345, angle: 0, ...STILL },
    { x: 256, y: 300, cosine: 1, sine: 0 },
  ),
  WALL_BOXES,
);
