/** What moves or lies on the road, as meshes: x ahead, y to the left, z up; the origin under the centre. Lengths in m. */
import { VEHICLE, type ViewedObstacle } from "apprentice";
import {
  BoxGeometry,
  CanvasTexture,
  CircleGeometry,
  ConeGeometry,
  CylinderGeometry,
  ExtrudeGeometry,
  Group,
  Mesh,
  MeshBasicMaterial,
  MeshLambertMaterial,
  RepeatWrapping,
  Shape,
  SRGBColorSpace,
} from "three";
import type { Colours } from "./colours.ts";

/** A car seen from its left side: [x, z] along its outline. */
const BODY = [
  [-2.22, 0.32],
  [2.1, 0.3],
  [2.25, 0.5],
  [2.2, 0.68],
  [1.75, 0.82],
  [0.95, 0.9],
  [-1.75, 0.96],
  [-2.2, 0.9],
] as const;
const CABIN = [
  [1.05, 0.88],
  [0.3, 1.36],
  [-0.95, 1.4],
  [-1.8, 0.92],
] as const;
const WHEEL = { radius: 0.33, width: 0.24, beside: 0.8 } as const;

type Outline = readonly (readonly [number, number])[];

function extrude(outline: Outline, width: number, bevel: number): ExtrudeGeometry {
  const shape = new Shape();
  outline.forEach(([x, z], i) => {
    if (i === 0) shape.moveTo(x, z);
    else shape.lineTo(x, z);
  });
  const depth = width - 2 * bevel;
  const geometry = new ExtrudeGeometry(shape, {
    depth,
    bevelEnabled: true,
    bevelSize: bevel,
    bevelThickness: bevel,
    bevelOffset: -bevel,
    bevelSegments: 2,
  });
  // Out of the side's plane: its depth becomes the width.
  geometry.translate(0, 0, -depth / 2);
  geometry.rotateX(Math.PI / 2);
  return geometry;
}

const body = extrude(BODY, VEHICLE.width, 0.12);
const cabin = extrude(CABIN, VEHICLE.width * 0.86, 0.1);
const roof = new BoxGeometry(1.25, VEHICLE.width * 0.74, 0.05);
const wheel = new CylinderGeometry(WHEEL.radius, WHEEL.radius, WHEEL.width, 16);
const hub = new CylinderGeometry(0.17, 0.17, WHEEL.width + 0.02, 8);
const lamp = new BoxGeometry(0.06, 0.42, 0.13);
const shade = new CircleGeometry(1, 32);
const crate = new BoxGeometry(1, 1, 1);
const cone = new ConeGeometry(0.2, 0.62, 10).rotateX(Math.PI / 2).translate(0, 0, 0.31);
const board = new BoxGeometry(0.12, 1, 0.55);
const plane = new BoxGeometry(1, 1, 0.02);

/** A car whose front wheels turn and whose lamps light. */
export interface Car {
  readonly group: Group;
  steer(angle: number): void;
  /** rad, how it leans: nose down and to its right are positive. */
  lean(pitch: number, roll: number): void;
  brake(isOn: boolean): void;
  hazard(isOn: boolean): void;
}

export function makeCar(colour: string): Car {
  const group = new Group();
  const sprung = new Group();
  const paint = new MeshLambertMaterial({ color: colour });
  const glass = new MeshLambertMaterial({ color: "#1a2230" });
  const rubber = new MeshLambertMaterial({ color: "#17191c" });
  const metal = new MeshLambertMaterial({ color: "#aab2bd" });
  const rear = new MeshBasicMaterial({ color: "#6d1518" });
  const flank = new MeshBasicMaterial({ color: "#7a5410" });
  const front = new MeshBasicMaterial({ color: "#f4efd9" });
  const top = new Mesh(roof, paint);
  top.position.set(-0.33, 0, 1.4);
  sprung.add(new Mesh(body, paint), new Mesh(cabin, glass), top);
  const fronts: Group[] = [];
  for (const side of [1, -1]) {
    const [back, blinker, light] = [new Mesh(lamp, rear), new Mesh(lamp, flank), new Mesh(lamp, front)];
    back.position.set(-2.21, 0.6 * side, 0.76);
    blinker.scale.set(1, 0.36, 1);
    blinker.position.set(-2.2, 0.85 * side, 0.62);
    light.position.set(2.18, 0.62 * side, 0.6);
    sprung.add(back, blinker, light);
    for (const x of [VEHICLE.toFront, -VEHICLE.toRear]) {
      const turning = new Group();
      turning.position.set(x, WHEEL.beside * side, WHEEL.radius);
      turning.add(new Mesh(wheel, rubber), new Mesh(hub, metal));
      group.add(turning);
      if (x > 0) fronts.push(turning);
    }
  }
  group.add(sprung, shadow(VEHICLE.length * 0.56, VEHICLE.width * 0.68));
  return {
    group,
    steer(angle) {
      for (const turning of fronts) turning.rotation.z = angle;
    },
    lean(pitch, roll) {
      sprung.rotation.set(roll, pitch, 0);
    },
    brake(isOn) {
      rear.color.set(isOn ? "#ff2d2d" : "#6d1518");
    },
    hazard(isOn) {
      flank.color.set(isOn ? "#ffb020" : "#7a5410");
    },
  };
}

function shadow(length: number, width: number): Mesh {
  const dark = new MeshBasicMaterial({ color: "#000000", transparent: true, opacity: 0.28, depthWrite: false });
  const mesh = new Mesh(shade, dark);
  mesh.scale.set(length, width, 1);
  mesh.position.z = 0.035;
  return mesh;
}

/** Slanted stripes, as on barriers. */
function stripes(light: string, dark: string): CanvasTexture {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 64;
  const context = canvas.getContext("2d")!;
  context.fillStyle = light;
  context.fillRect(0, 0, 64, 64);
  context.fillStyle = dark;
  for (const x of [-64, 0, 64]) {
    context.beginPath();
    context.moveTo(x, 64);
    context.lineTo(x + 32, 64);
    context.lineTo(x + 96, 0);
    context.lineTo(x + 64, 0);
    context.fill();
  }
  const texture = new CanvasTexture(canvas);
  texture.wrapS = texture.wrapT = RepeatWrapping;
  texture.colorSpace = SRGBColorSpace;
  return texture;
}

export interface Thing {
  readonly group: Group;
  /** What it is made as: another kind is made anew. */
  readonly made: string;
  readonly car: Car | null;
}

/** What an obstacle is made as. */
export const makeOf = ({ kind, length, width }: ViewedObstacle): string =>
  kind === "moving" || kind === "standing" ? "car" : kind === "works" ? `works ${length} ${width}` : "crate";

export function makeThing(obstacle: ViewedObstacle, colours: Colours): Thing {
  const made = makeOf(obstacle);
  if (made === "car") {
    const car = makeCar(colours.vehicle);
    return { group: car.group, made, car };
  }
  const group = obstacle.kind === "works" ? makeWorks(obstacle, colours) : makeCrate(obstacle, colours);
  return { group, made, car: null };
}

function makeCrate({ length, width }: ViewedObstacle, { crate: colour }: Colours): Group {
  const group = new Group();
  const wood = new MeshLambertMaterial({ color: colour });
  const slat = new MeshLambertMaterial({ color: "#6e451b" });
  const add = (
    material: MeshLambertMaterial,
    size: readonly [number, number, number],
    at: readonly [number, number, number],
  ) => {
    const mesh = new Mesh(crate, material);
    mesh.scale.set(...size);
    mesh.position.set(...at);
    group.add(mesh);
  };
  const height = 1.1;
  add(wood, [length * 0.96, width * 0.96, height * 0.96], [0, 0, height / 2]);
  for (const x of [-1, 1]) {
    for (const y of [-1, 1])
      add(slat, [0.12, 0.12, height], [(x * (length - 0.1)) / 2, (y * (width - 0.1)) / 2, height / 2]);
    for (const z of [0.07, height - 0.07]) {
      add(slat, [0.1, width, 0.14], [(x * (length - 0.08)) / 2, 0, z]);
      add(slat, [length, 0.1, 0.14], [0, (x * (width - 0.08)) / 2, z]);
    }
  }
  group.add(shadow(length * 0.75, width * 0.75));
  return group;
}

function makeWorks({ length, width }: ViewedObstacle, { works }: Colours): Group {
  const group = new Group();
  const texture = stripes("#f7f3ea", "#d6371f");
  texture.repeat.set(width / 1.2, 0.5);
  const barrier = new MeshLambertMaterial({ map: texture });
  const orange = new MeshLambertMaterial({ color: works });
  const earth = new MeshLambertMaterial({ color: "#6b5a45" });
  const floor = new Mesh(plane, earth);
  floor.scale.set(length - 0.4, width - 0.3, 1);
  floor.position.z = 0.03;
  group.add(floor);
  for (const end of [-1, 1]) {
    for (const z of [0.5, 1.05]) {
      const mesh = new Mesh(board, barrier);
      mesh.scale.set(1, width, 0.7);
      mesh.position.set((end * (length - 0.12)) / 2, 0, z);
      group.add(mesh);
    }
  }
  const count = Math.max(2, Math.round(length / 2.2));
  for (let i = 1; i < count; i++) {
    for (const side of [-1, 1]) {
      const mesh = new Mesh(cone, orange);
      mesh.position.set(-length / 2 + (length * i) / count, (side * (width - 0.4)) / 2, 0.03);
      group.add(mesh);
    }
  }
  return group;
}
