/** Ways on the road: bands along points of the plane, whose points change often. */
import { BufferAttribute, BufferGeometry, DoubleSide, DynamicDrawUsage, Mesh, MeshBasicMaterial } from "three";

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Band {
  readonly mesh: Mesh;
  /** Draws these ways in the place of the ones before; what goes beyond the capacity is left out. */
  show(ways: readonly (readonly Point[])[]): void;
  colour(colour: string, opacity: number): void;
}

/** Bands of `width` m at height z, of at most `capacity` points together; those over the scene are hidden by nothing. */
export function makeBand(width: number, z: number, capacity: number, isOver = false): Band {
  const positions = new BufferAttribute(new Float32Array(capacity * 6), 3).setUsage(DynamicDrawUsage);
  const index = new BufferAttribute(new Uint32Array(capacity * 6), 1).setUsage(DynamicDrawUsage);
  const geometry = new BufferGeometry();
  geometry.setAttribute("position", positions);
  geometry.setIndex(index);
  geometry.setDrawRange(0, 0);
  const material = new MeshBasicMaterial({ transparent: true, depthWrite: false, side: DoubleSide });
  material.depthTest = !isOver;
  const mesh = new Mesh(geometry, material);
  mesh.renderOrder = isOver ? 2 : 1;
  mesh.frustumCulled = false;
  return {
    mesh,
    colour(colour, opacity) {
      material.color.set(colour);
      material.opacity = opacity;
    },
    show(ways) {
      let [points, corners] = [0, 0];
      for (const way of ways) {
        if (points + way.length > capacity) break;
        way.forEach(({ x, y }, i) => {
          const before = way[Math.max(i - 1, 0)];
          const after = way[Math.min(i + 1, way.length - 1)];
          const [dx, dy] = [after.x - before.x, after.y - before.y];
          const half = width / 2 / (Math.hypot(dx, dy) || 1);
          positions.setXYZ(2 * points, x + dy * half, y - dx * half, z);
          positions.setXYZ(2 * points + 1, x - dy * half, y + dx * half, z);
          if (i > 0) {
            const at = 2 * points - 2;
            [at, at + 2, at + 1, at + 1, at + 2, at + 3].forEach((corner) => {
              index.setX(corners++, corner);
            });
          }
          points++;
        });
      }
      geometry.setDrawRange(0, corners);
      positions.needsUpdate = true;
      index.needsUpdate = true;
    },
  };
}
