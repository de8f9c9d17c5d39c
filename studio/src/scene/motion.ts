/**
 * Between two control steps: worlds tell where things are 10 or 20 times a second, screens draw 60 times. What is drawn
 * follows one control period behind and is always on the way between two told moments; it never guesses ahead.
 */
import type { DrivingView, PushTView, RoadPose } from "apprentice";

/** What is drawn when `share` (0 to 1) of the way from one moment to the next is behind. */
export type Mix<View> = (from: View, to: View, share: number) => View;

export interface Motion<View> {
  /** A world has told where things are; `period` is how long its control steps take now, ms. */
  tell(
    view: View,
    moment: { readonly episode: string; readonly step: number; readonly now: number; readonly period: number },
  ): void;
  /** What is to be drawn now (ms); null before anything was told. */
  at(now: number): View | null;
  /** Whether what is drawn is still on its way. */
  isMoving(now: number): boolean;
}

/** Moments that lie further apart than this, in steps, are not ways but jumps. */
const FAR = 6;

export function createMotion<View>(mix: Mix<View>): Motion<View> {
  let from: View | null = null;
  let to: View | null = null;
  let [since, span, last, lastEpisode] = [0, 1, 0, ""];
  const share = (now: number) => Math.min(Math.max((now - since) / span, 0), 1);
  const at = (now: number) => (from === null || to === null ? to : mix(from, to, share(now)));
  return {
    tell(view, { episode, step, now, period }) {
      const isWay = to !== null && episode === lastEpisode && Math.abs(step - last) <= FAR;
      from = isWay ? at(now) : view;
      to = view;
      [since, span, last, lastEpisode] = [now, Math.max(period, 1), step, episode];
    },
    at,
    isMoving: (now) => to !== null && now < since + span,
  };
}

const between = (a: number, b: number, share: number) => a + (b - a) * share;

/** Directions turn the short way; both are unit vectors, and so is the result. */
export function mixPose(a: RoadPose, b: RoadPose, share: number): RoadPose {
  const cosine = between(a.cosine, b.cosine, share);
  const sine = between(a.sine, b.sine, share);
  const length = Math.hypot(cosine, sine) || 1;
  return {
    x: between(a.x, b.x, share),
    y: between(a.y, b.y, share),
    cosine: cosine / length,
    sine: sine / length,
  };
}

export const mixDriving: Mix<DrivingView> = (a, b, share) => {
  if (a.road !== b.road || a.obstacles.length !== b.obstacles.length) return b;
  const number = (name: "speed" | "steering" | "s" | "d" | "forwardAcceleration" | "lateralAcceleration") =>
    between(a.ego[name], b.ego[name], share);
  return {
    ...b,
    ego: {
      ...b.ego,
      ...mixPose(a.ego, b.ego, share),
      s: number("s"),
      d: number("d"),
      speed: number("speed"),
      steering: number("steering"),
      forwardAcceleration: number("forwardAcceleration"),
      lateralAcceleration: number("lateralAcceleration"),
    },
    obstacles: b.obstacles.map((one, i) => ({ ...one, ...mixPose(a.obstacles[i], one, share) })),
  };
};

export const mixPushT: Mix<PushTView> = (a, b, share) => {
  const turn = b.block.angle - a.block.angle;
  const short = turn - 2 * Math.PI * Math.round(turn / (2 * Math.PI));
  return {
    pusher: { x: between(a.pusher.x, b.pusher.x, share), y: between(a.pusher.y, b.pusher.y, share) },
    block: {
      x: between(a.block.x, b.block.x, share),
      y: between(a.block.y, b.block.y, share),
      angle: a.block.angle + short * share,
    },
  };
};
