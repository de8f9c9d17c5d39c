/**
 * The physics of Push-T: a kinematic disc pushes a T without friction between four walls; the T loses all velocity at every
 * substep. It follows the original's engine, Chipmunk 7, in what decides where the T comes to lie: positions move
 * before contacts are found, penetration is undone by a velocity of its own ("pseudo-velocities", Catto 2005), impulses are
 * those of the last substep corrected by ten passes of Gauss-Seidel. Lengths in px, times in s, angles in rad, mass 1.
 */
import { direction } from "../../base/index.ts";
import { type Contact, type Frame, touchDisc } from "./contact.ts";
import { CENTRE_OF_GRAVITY, RECTANGLES } from "./shape.ts";
import { touchWall, type Wall, wallBetween } from "./walls.ts";

export const PUSHER_RADIUS = 15;
/** Length of a substep, s. */
export const SUBSTEP = 0.01;
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
/** No point of the T is further from its centre of gravity: the ends of the stem are sqrt(15^2 + 75^2) = 76.5 px away. */
const EXTENT = 77;
const WALLS = [
  wallBetween({ x: 5, y: 506 }, { x: 5, y: 5 }),
  wallBetween({ x: 5, y: 5 }, { x: 506, y: 5 }),
  wallBetween({ x: 506, y: 5 }, { x: 506, y: 506 }),
  wallBetween({ x: 5, y: 506 }, { x: 506, y: 506 }),
];

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
  block.vx = block.vy = block.spin = block.liftX = block.liftY = block.liftSpin = 0;
  const meetings = findMeetings(state);
  for (const { lasting, joints } of meetings) {
    if (lasting) for (const joint of joints) push(block, joint, joint.impulse);
  }
  for (let pass = 0; pass < PASSES; pass++) {
    for (const { joints } of meetings) for (const joint of joints) solve(block, joint);
  }
  state.memories = remember(state.memories, meetings);
}

function findMeetings({ pusher, block, memories }: PhysicsState): Meeting[] {
  const meetings: Meeting[] = [];
  const nearPusher = isNearPusher(block, pusher);
  const nearWalls = WALLS.filter((wall) => isNearWall(block, wall));
  if (nearWalls.length === 0 && !nearPusher) return meetings;
  const frame = frameOf(block);
  const meet = (pair: number, contacts: readonly Contact[], vx: number, vy: number) => {
    if (contacts.length === 0) return;
    const memory = memories.find((memory) => memory.pair === pair);
    const joints = contacts.map((contact) => prepare(contact, block, vx * contact.nx + vy * contact.ny, memory));
    meetings.push({ pair, lasting: memory?.age === 0, joints });
  };
  // The original's most frequent order. It shows where the pusher squeezes the T, because ten passes need not converge.
  for (const wall of nearWalls) {
    RECTANGLES.forEach((rectangle, i) => {
      meet(i + 2 * (1 + WALLS.indexOf(wall)), touchWall(wall, WALL_RADIUS, rectangle, frame), 0, 0);
    });
  }
  for (let i = RECTANGLES.length - 1; nearPusher && i >= 0; i--) {
    const contact = touchDisc(pusher, PUSHER_RADIUS, RECTANGLES[i], frame);
    if (contact) meet(i, [contact], pusher.vx, pusher.vy);
  }
  return meetings;
}

function isNearWall({ x, y }: Block, { from, normal }: Wall): boolean {
  return Math.abs((x - from.x) * normal.x + (y - from.y) * normal.y) < EXTENT + WALL_RADIUS;
}

function isNearPusher(block: Block, pusher: PhysicsState["pusher"]): boolean {
  const [dx, dy, reach] = [pusher.x - block.x, pusher.y - block.y, EXTENT + PUSHER_RADIUS];
  return dx * dx + dy * dy < reach * reach;
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
