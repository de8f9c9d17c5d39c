/** The road as triangles: ribbons along it, strokes, and what stands beside it. z points up; lengths in m. */
import { placeOnRoad, ROAD, type Road } from "apprentice";
import { BufferAttribute, BufferGeometry, type InstancedMesh, Matrix4, Quaternion, Vector3 } from "three";

/** A strip between two d, from one s to another. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly right: number;
  readonly left: number;
}

/** The road goes on this far before 0 and beyond its end. */
export const MARGIN = 120;

/** Strips at height z as one geometry. */
export function ribbons(road: Road, stretches: readonly Stretch[], z: number, pace = 2): BufferGeometry {
  const positions: number[] = [];
  const indices: number[] = [];
  for (const { from, to, right, left } of stretches) {
    const count = Math.max(1, Math.ceil((to - from) / pace));
    for (let i = 0; i <= count; i++) {
      const s = from + ((to - from) * i) / count;
      for (const d of [right, left]) {
        const { x, y } = placeOnRoad(road, s, d);
        positions.push(x, y, z);
      }
      const at = positions.length / 3 - 4;
      if (i > 0) indices.push(at, at + 2, at + 1, at + 1, at + 2, at + 3);
    }
  }
  const geometry = new BufferGeometry();
  geometry.setAttribute("position", new BufferAttribute(Float32Array.from(positions), 3));
  geometry.setIndex(indices);
  return geometry;
}

/** The whole length. */
export const whole = (road: Road, right: number, left: number): Stretch[] => [
  { from: -MARGIN, to: road.length + MARGIN, right, left },
];

/** Every so many m a piece of some length. */
export function pieces(road: Road, d: number, width: number, length: number, every: number): Stretch[] {
  const found: Stretch[] = [];
  for (let from = -MARGIN; from < road.length + MARGIN; from += every) {
    found.push({ from, to: from + length, right: d - width / 2, left: d + width / 2 });
  }
  return found;
}

/** Black and white fields across the road. */
export function chequered(s: number, isWhite: boolean): Stretch[] {
  const [size, count] = [0.875, 12];
  const found: Stretch[] = [];
  for (let row = 0; row < 2; row++) {
    for (let i = 0; i < count; i++) {
      if ((i + row) % 2 === (isWhite ? 0 : 1)) continue;
      const right = -ROAD.laneWidth * 1.5 + i * size;
      found.push({ from: s + row * size, to: s + (row + 1) * size, right, left: right + size });
    }
  }
  return found;
}

/** The same numbers for the same place: what stands beside the road does not jump. */
function scatter(i: number): number {
  const value = Math.sin(i * 127.1 + 311.7) * 43758.5453;
  return value - Math.floor(value);
}

const UP = new Vector3(0, 0, 1);

/** Puts instances on both sides of the road. */
export function plant(mesh: InstancedMesh, road: Road, { every, least, spread, size }: Planting): void {
  const matrix = new Matrix4();
  const turned = new Quaternion();
  for (let i = 0; i < mesh.count; i++) {
    const side = i % 2 === 0 ? 1 : -1;
    const s = -MARGIN / 2 + Math.floor(i / 2) * every + spread * 0.3 * scatter(i * 3 + 1);
    const { x, y, cosine, sine } = placeOnRoad(road, s, side * (least + spread * scatter(i * 3 + 2)));
    const scale = size[0] + (size[1] - size[0]) * scatter(i * 3);
    turned.setFromAxisAngle(UP, Math.atan2(sine, cosine));
    matrix.compose(new Vector3(x, y, 0), turned, new Vector3(scale, scale, scale));
    mesh.setMatrixAt(i, matrix);
  }
  mesh.instanceMatrix.needsUpdate = true;
}

export interface Planting {
  /** m along the road between two pairs. */
  readonly every: number;
  /** |d| is at least so much, and by up to `spread` more. */
  readonly least: number;
  readonly spread: number;
  readonly size: readonly [number, number];
}
