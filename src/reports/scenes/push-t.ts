/** Push-T from above, in the px of its window: the T, its goal, the pusher, and ways of the pusher's target. */
import { direction } from "../../base/index.ts";
import { PUSH_T, PUSHER_RADIUS, type PushTState, T_RECTANGLES } from "../../environments/index.ts";
import { type Markup, markup } from "../markup.ts";
import { coordinate, corners, drawWays, type Ways } from "./ways.ts";

export interface PushTDrawing extends Ways {
  readonly state: Pick<PushTState, "pusher" | "block">;
  /** What it shows, for those who do not see it. */
  readonly label?: string;
  /** Of the ways, px. */
  readonly lineWidth?: number;
}

/** The eight corners of a T at `pose`, in order around it, px. */
export function outlineOf({ x, y, angle }: PushTState["block"]): (readonly [number, number])[] {
  const [bar, stem] = T_RECTANGLES;
  const [cosine, sine] = direction(angle);
  const around = [
    [bar.left, bar.low],
    [bar.right, bar.low],
    [bar.right, bar.high],
    [stem.right, stem.low],
    [stem.right, stem.high],
    [stem.left, stem.high],
    [stem.left, stem.low],
    [bar.left, bar.high],
  ];
  return around.map(([px, py]) => [x + px * cosine - py * sine, y + px * sine + py * cosine]);
}

/** The scene as SVG, square; y points down, as in the original's images. */
export function drawPushT({
  state: { pusher, block },
  label = "Push-T",
  lineWidth = 3,
  ...ways
}: PushTDrawing): Markup {
  const { window, goal } = PUSH_T;
  return markup`<svg class="scene" viewBox="0 0 ${window} ${window}" role="img" aria-label="${label}">
<rect class="floor" width="${window}" height="${window}" rx="10"/>
<polygon class="goal" points="${corners(outlineOf(goal))}"/>
<polygon class="block" points="${corners(outlineOf(block))}"/>
${drawWays(ways, { place: (x, y) => [x, y], width: lineWidth })}
<circle class="pusher" cx="${coordinate(pusher.x)}" cy="${coordinate(pusher.y)}" r="${PUSHER_RADIUS}"/>
</svg>`;
}
