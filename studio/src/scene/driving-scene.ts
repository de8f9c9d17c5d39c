/** Driving in three dimensions: the road, what is on it, the ego, and over it what the policy thinks. x and y as in the world, z up. */
import { type DrivingView, ROAD, type Road, type RoadPose } from "apprentice";
import {
  AmbientLight,
  BoxGeometry,
  type BufferGeometry,
  Color,
  ConeGeometry,
  DirectionalLight,
  Fog,
  Group,
  InstancedMesh,
  type Material,
  Mesh,
  MeshBasicMaterial,
  MeshLambertMaterial,
  OrthographicCamera,
  PerspectiveCamera,
  PlaneGeometry,
  Scene,
  Vector3,
  WebGLRenderer,
} from "three";
import type { Colours } from "./colours.ts";
import { createPace, type Quality } from "./pace.ts";
import { type Band, makeBand, type Point } from "./path-mesh.ts";
import { chequered, pieces, plant, ribbons, whole } from "./road-mesh.ts";
import { type Car, makeCar, makeOf, makeThing, type Thing } from "./vehicle-mesh.ts";

export type Angle = "chase" | "top";

/** What is drawn over the scene. */
export interface Thoughts {
  /** Where the plan leads that is being carried out, and where others might have led. */
  readonly planned: readonly Point[];
  readonly fan: readonly (readonly Point[])[];
  /** Where the ego was, by who drove. */
  readonly trail: { readonly policy: readonly (readonly Point[])[]; readonly expert: readonly (readonly Point[])[] };
}

export interface DrivingScene {
  resize(width: number, height: number): void;
  angle: Angle;
  recolour(colours: Colours): void;
  think(thoughts: Thoughts): void;
  /** `seconds` since the last picture. */
  draw(view: DrivingView, seconds: number): void;
  /** ms from picture to picture, at least: a processor that draws has worlds and policies to run as well. */
  readonly period: number;
  /** Whether the camera is still on its way to where it belongs. */
  isMoving(): boolean;
  dispose(): void;
}

export interface SceneOptions {
  readonly quality: Quality;
  readonly colours: Colours;
  /** Whether things may blink and lean. */
  readonly lively: boolean;
}

/** Whether pictures are drawn by the processor: it takes its time for smooth edges, which must be asked for at once. */
function isSoftware(): boolean {
  const context = document.createElement("canvas").getContext("webgl2");
  if (!context) return true;
  const info = context.getExtension("WEBGL_debug_renderer_info");
  const name = String(context.getParameter(info ? info.UNMASKED_RENDERER_WEBGL : context.RENDERER));
  context.getExtension("WEBGL_lose_context")?.loseContext();
  return /swiftshader|llvmpipe|softpipe|software|basic render/i.test(name);
}

/** Throws Error where the browser has no WebGL. */
export function createDrivingScene(canvas: HTMLCanvasElement, options: SceneOptions): DrivingScene {
  const { quality, lively } = options;
  const simple = quality === "low" || (quality === "auto" && isSoftware());
  const renderer = new WebGLRenderer({ canvas, antialias: !simple, powerPreference: "high-performance" });
  const period = simple ? 1000 / 30 : 0;
  const pace = createPace(quality, simple ? Math.min(1, devicePixelRatio) : devicePixelRatio, period || undefined);
  renderer.setPixelRatio(pace.ratio);

  const scene = new Scene();
  const sun = new DirectionalLight("#fff6e6", 2.2);
  sun.position.set(-40, 60, 90);
  scene.add(new AmbientLight("#dfe8f5", 1.7), sun);
  const land = new Group();
  scene.add(land);

  const bands = {
    fan: makeBand(0.13, 0.07, 4096, true),
    planned: makeBand(0.42, 0.06, 256, true),
    byPolicy: makeBand(0.34, 0.045, 4096),
    byExpert: makeBand(0.34, 0.045, 4096),
  } satisfies Record<string, Band>;
  scene.add(...Object.values(bands).map(({ mesh }) => mesh));

  const chase = new PerspectiveCamera(58, 1, 0.3, 420);
  const above = new OrthographicCamera(-1, 1, 1, -1, 1, 200);
  chase.up.set(0, 0, 1);
  let angle: Angle = "chase";
  let aspect = 1;
  const heading = { cosine: 1, sine: 0, isSet: false };
  let settling = 0;

  let colours = options.colours;
  let drawn: Road | null = null;
  let ego: Car = makeCar(colours.ego);
  scene.add(ego.group);
  let things: (Thing | null)[] = [];
  let blinkTime = 0;

  const flat = (colour: string) => new MeshBasicMaterial({ color: colour });
  /**
   * The land is painted from below upwards, and before all else: depths of planes that lie this close and reach this far
   * cannot be told apart everywhere.
   */
  const lay = (geometry: BufferGeometry, material: Material, layer: number) => {
    material.depthWrite = false;
    const mesh = new Mesh(geometry, material);
    mesh.renderOrder = layer - 10;
    land.add(mesh);
  };

  function build(road: Road, goal: number): void {
    clear(land);
    const { laneWidth, lanes, edge } = ROAD;
    const side = (laneWidth * lanes) / 2;
    const ground = new PlaneGeometry(2400, 2400);
    ground.translate(road.x[road.length >> 1], road.y[road.length >> 1], -0.06);
    lay(ground, flat(colours.ground), 1);
    const mown = `#${new Color(colours.ground).multiplyScalar(1.09).getHexString()}`;
    for (const middle of [-26, 26]) lay(ribbons(road, pieces(road, middle, 36, 12, 24), -0.03, 6), flat(mown), 2);
    lay(ribbons(road, whole(road, -edge - 1.2, edge + 1.2), 0), flat(colours.shoulder), 3);
    lay(ribbons(road, whole(road, -edge, edge), 0.01), flat(colours.road), 4);
    const marks = [-side + 0.1, side - 0.1].flatMap((d) => whole(road, d - 0.08, d + 0.08));
    for (let lane = 1; lane < lanes; lane++) marks.push(...pieces(road, lane * laneWidth - side, 0.14, 3, 9));
    lay(ribbons(road, marks, 0.02), flat(colours.mark), 5);
    lay(ribbons(road, chequered(goal, true), 0.03), flat("#f4f6f8"), 6);
    lay(ribbons(road, chequered(goal, false), 0.03), flat("#15181c"), 6);
    land.add(gate(road, goal));
    const posts = new InstancedMesh(new BoxGeometry(0.1, 0.16, 0.95).translate(0, 0, 0.47), flat(colours.mark), 60);
    plant(posts, road, { every: 16, least: edge + 1.1, spread: 0, size: [1, 1] });
    land.add(posts);
    const crown = new ConeGeometry(1.9, 5.4, simple ? 5 : 8).rotateX(Math.PI / 2).translate(0, 0, 3.6);
    const leaf = new MeshLambertMaterial({ color: new Color(colours.ground).lerp(new Color("#1f5a3a"), 0.62) });
    const trees = new InstancedMesh(crown, leaf, simple ? 70 : 160);
    plant(trees, road, { every: simple ? 16 : 7, least: 11, spread: 42, size: [0.7, 1.7] });
    land.add(trees);
    drawn = road;
  }

  /** Two posts and a banner where the route ends. */
  function gate(road: Road, goal: number): Group {
    const group = new Group();
    const i = Math.min(Math.max(Math.round(goal), 0), road.length);
    const paint = new MeshLambertMaterial({ color: colours.goal });
    const wide = ROAD.edge * 2 + 1.6;
    const banner = new Mesh(new BoxGeometry(0.25, wide, 0.9), paint);
    banner.position.z = 5.2;
    group.add(banner);
    for (const end of [-1, 1]) {
      const post = new Mesh(new BoxGeometry(0.3, 0.3, 5.6), paint);
      post.position.set(0, (end * wide) / 2, 2.8);
      group.add(post);
    }
    group.position.set(road.x[i], road.y[i], 0);
    group.rotation.z = road.heading[i];
    return group;
  }

  const stand = (group: Group, { x, y, cosine, sine }: RoadPose) => {
    group.position.set(x, y, 0);
    group.rotation.z = Math.atan2(sine, cosine);
  };

  function dropThings(): void {
    for (const thing of things) if (thing) scene.remove(thing.group);
    things = [];
  }

  function showThings(view: DrivingView): void {
    view.obstacles.forEach((one, i) => {
      let thing = things[i] ?? null;
      if (thing?.made !== makeOf(one)) {
        if (thing) scene.remove(thing.group);
        thing = makeThing(one, colours);
        things[i] = thing;
        scene.add(thing.group);
      }
      thing.group.visible = one.kind !== "hidden" && one.kind !== "gone";
      stand(thing.group, one);
      thing.car?.hazard(one.kind === "standing" && (!lively || blinkTime % 0.9 < 0.45));
    });
  }

  function follow(view: DrivingView, seconds: number): void {
    const { cosine, sine, x, y, speed } = view.ego;
    const share = heading.isSet ? 1 - Math.exp(-seconds * 4.5) : 1;
    heading.isSet = true;
    heading.cosine += (cosine - heading.cosine) * share;
    heading.sine += (sine - heading.sine) * share;
    const length = Math.hypot(heading.cosine, heading.sine) || 1;
    const [c, n] = [heading.cosine / length, heading.sine / length];
    settling = Math.hypot(cosine - c, sine - n);
    const far = lively ? 8.4 + 0.06 * speed : 9;
    chase.position.set(x - c * far, y - n * far, 4.1);
    chase.lookAt(new Vector3(x + c * 12, y + n * 12, 0.5));
    const [ahead, beside] = aspect > 1 ? [42, 42 * aspect] : [62, 62 * aspect];
    const lead = ahead * 0.3;
    above.left = -beside / 2;
    above.right = beside / 2;
    above.top = ahead / 2;
    above.bottom = -ahead / 2;
    above.up.set(c, n, 0);
    above.position.set(x + c * lead, y + n * lead, 100);
    above.lookAt(new Vector3(x + c * lead, y + n * lead, 0));
    above.updateProjectionMatrix();
  }

  function recolour(next: Colours): void {
    colours = next;
    scene.background = new Color(colours.sky);
    scene.fog = new Fog(colours.sky, 70, 240);
    bands.fan.colour(colours.policy, 0.42);
    bands.planned.colour(colours.policy, 0.85);
    bands.byPolicy.colour(colours.policy, 0.55);
    bands.byExpert.colour(colours.expert, 0.7);
    scene.remove(ego.group);
    ego = makeCar(colours.ego);
    scene.add(ego.group);
    dropThings();
    drawn = null;
  }
  recolour(colours);

  return {
    period,
    get angle() {
      return angle;
    },
    set angle(next) {
      angle = next;
    },
    recolour,
    resize(width, height) {
      aspect = width / Math.max(height, 1);
      renderer.setSize(width, height, false);
      chase.aspect = aspect;
      // The same width of road in view on a narrow screen as on a wide one.
      const wide = 2 * Math.atan(Math.tan(0.62) / Math.min(aspect, 1.9)) * (180 / Math.PI);
      chase.fov = Math.min(Math.max(wide, 40), 78);
      chase.updateProjectionMatrix();
    },
    think({ fan, planned, trail }) {
      bands.fan.show(fan);
      bands.planned.show([planned]);
      bands.byPolicy.show(trail.policy);
      bands.byExpert.show(trail.expert);
    },
    draw(view, seconds) {
      if (drawn !== view.road) {
        build(view.road, view.goal);
        heading.isSet = false;
        dropThings();
      }
      blinkTime += seconds;
      stand(ego.group, view.ego);
      ego.steer(view.ego.steering);
      ego.brake(view.ego.forwardAcceleration < -0.6);
      if (lively) ego.lean(-0.006 * view.ego.forwardAcceleration, 0.007 * view.ego.lateralAcceleration);
      showThings(view);
      follow(view, seconds);
      renderer.render(scene, angle === "top" ? above : chase);
      if (pace.note(seconds * 1000)) renderer.setPixelRatio(pace.ratio);
    },
    isMoving: () => settling > 0.002,
    dispose() {
      clear(scene);
      renderer.dispose();
    },
  };
}

function clear(group: Group | Scene): void {
  group.traverse((one) => {
    if (!(one instanceof Mesh)) return;
    one.geometry.dispose();
    for (const material of [one.material].flat()) material.dispose();
  });
  group.clear();
}
