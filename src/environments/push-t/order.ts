/**
 * Which shapes may touch, and in which order their contacts are solved. The order counts where the pusher squeezes the T
 * against a wall or lies inside it, because ten passes of Gauss-Seidel do not settle opposing contacts; in the original it
 * comes from the history of a search tree (a dynamic tree of boxes, Presson 2008, as in Bullet and Chipmunk), and so it
 * does here. Boxes of the tree are wider than the shapes and are renewed when a shape leaves its own.
 */

/** [left, low, right, high]. */
export type Box = readonly [left: number, low: number, right: number, high: number];

/** The moving shapes, in the order in which their boxes are renewed. Walls follow: `WALL` + their number. */
export const SHAPES = { bar: 0, stem: 1, pusher: 2 } as const;
export const WALL = 3;

/** A shape, or two branches: the left one is searched first. */
export type Tree = number | readonly [Tree, Tree];

export interface Search {
  /** Of the moving shapes, widened. */
  readonly boxes: readonly Box[];
  readonly tree: Tree;
  /** Shapes whose boxes overlap, the newest first. The second of each looks at the first. */
  readonly pairs: readonly Pair[];
}
export type Pair = readonly [number, number];

/** A moving shape as it is now. */
export interface Mover {
  readonly box: Box;
  /** px/s. */
  readonly vx: number;
  readonly vy: number;
}

/** The search at the next substep, and the shapes that may touch, in order. `movers` are indexed as `SHAPES`. */
export function searchOn(
  search: Search,
  movers: readonly Mover[],
  walls: readonly Box[],
): { search: Search; found: Pair[] } {
  const moved = movers.map(({ box }, shape) => !contains(search.boxes[shape], box));
  if (!moved.includes(true)) return { search, found: look(search, moved, walls).found };
  const boxes = [...search.boxes];
  let { tree, pairs } = search;
  movers.forEach((mover, shape) => {
    if (!moved[shape]) return;
    boxes[shape] = widen(mover);
    tree = insert(remove(tree, shape), shape, boxes);
    pairs = pairs.filter((pair) => !pair.includes(shape));
  });
  const { found, pairs: renewed } = look({ boxes, tree, pairs }, moved, walls);
  return { search: { boxes, tree, pairs: renewed }, found };
}

/** The search before anything has moved: the shapes were put in one by one. */
export function firstSearch(movers: readonly Mover[], walls: readonly Box[]): Search {
  const boxes = movers.map(widen);
  const { pusher, bar, stem } = SHAPES;
  const add = ({ tree, pairs }: Search, shape: number): Search => {
    const grown = insert(tree, shape, boxes);
    const only = boxes.map((_, other) => other === shape);
    return { boxes, tree: grown, pairs: look({ boxes, tree: grown, pairs }, only, walls).pairs };
  };
  return [bar, stem].reduce(add, { boxes, tree: pusher, pairs: [] });
}

/** Walks the tree: what has moved asks for everything about it, what has not keeps its pairs. */
function look(
  { boxes, tree, pairs }: Search,
  moved: readonly boolean[],
  walls: readonly Box[],
): { found: Pair[]; pairs: readonly Pair[] } {
  const found: Pair[] = [];
  const ask = (branch: Tree, shape: number, left: boolean): void => {
    if (!overlap(boxes[shape], boxOf(branch, boxes))) return;
    if (typeof branch !== "number") {
      ask(branch[0], shape, left);
      ask(branch[1], shape, left);
    } else if (left) {
      pairs = [[shape, branch], ...pairs];
    } else {
      if (!moved[branch]) pairs = [[branch, shape], ...pairs];
      found.push([shape, branch]);
    }
  };
  /** `beside`: the other branch at every fork on the way down, the nearest first, and whether it lies to the right. */
  const visit = (branch: Tree, beside: readonly { other: Tree; left: boolean }[]): void => {
    if (typeof branch !== "number") {
      visit(branch[0], [{ other: branch[1], left: true }, ...beside]);
      visit(branch[1], [{ other: branch[0], left: false }, ...beside]);
    } else if (moved[branch]) {
      for (let wall = walls.length - 1; wall >= 0; wall--) {
        if (!overlap(boxes[branch], walls[wall])) continue;
        pairs = [[WALL + wall, branch], ...pairs];
        found.push([branch, WALL + wall]);
      }
      for (const { other, left } of beside) ask(other, branch, left);
    } else {
      for (const pair of pairs) if (pair[1] === branch) found.push(pair);
    }
  };
  visit(tree, []);
  return { found, pairs };
}

/** Where the boxes of the tree grow least, by area and then by distance. */
function insert(tree: Tree, shape: number, boxes: readonly Box[]): Tree {
  if (typeof tree === "number") return [shape, tree];
  const [left, right] = tree;
  const box = boxes[shape];
  const [leftBox, rightBox] = [boxOf(left, boxes), boxOf(right, boxes)];
  let costs = [areaOf(rightBox) + areaOf(around(leftBox, box)), areaOf(leftBox) + areaOf(around(rightBox, box))];
  if (costs[0] === costs[1]) costs = [farness(leftBox, box), farness(rightBox, box)];
  return costs[1] < costs[0] ? [left, insert(right, shape, boxes)] : [insert(left, shape, boxes), right];
}

function remove(tree: Tree, shape: number): Tree {
  if (typeof tree === "number") return tree;
  const [left, right] = tree;
  if (left === shape) return right;
  if (right === shape) return left;
  return [remove(left, shape), remove(right, shape)];
}

/** A tenth of the size on every side, or a tenth of a second's way. */
function widen({ box: [left, low, right, high], vx, vy }: Mover): Box {
  const share = Math.fround(0.1);
  const [x, y] = [(right - left) * share, (high - low) * share];
  return [
    left + Math.min(-x, vx * share),
    low + Math.min(-y, vy * share),
    right + Math.max(x, vx * share),
    high + Math.max(y, vy * share),
  ];
}

const boxOf = (tree: Tree, boxes: readonly Box[]): Box =>
  typeof tree === "number" ? boxes[tree] : around(boxOf(tree[0], boxes), boxOf(tree[1], boxes));

const around = (a: Box, b: Box): Box => [
  Math.min(a[0], b[0]),
  Math.min(a[1], b[1]),
  Math.max(a[2], b[2]),
  Math.max(a[3], b[3]),
];

const areaOf = ([left, low, right, high]: Box) => (right - left) * (high - low);

const farness = (a: Box, b: Box) => Math.abs(a[0] + a[2] - b[0] - b[2]) + Math.abs(a[1] + a[3] - b[1] - b[3]);

const overlap = (a: Box, b: Box) => a[0] <= b[2] && b[0] <= a[2] && a[1] <= b[3] && b[1] <= a[3];

const contains = (outer: Box, inner: Box) =>
  outer[0] <= inner[0] && outer[1] <= inner[1] && outer[2] >= inner[2] && outer[3] >= inner[3];
