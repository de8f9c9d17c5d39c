/** Push-T on a canvas: the window of the world, 512 px square, at any size. */
import { PUSH_T, PUSHER_RADIUS, type PushTView, T_RECTANGLES } from "apprentice";
import type { Colours } from "./colours.ts";

interface Spot {
  readonly x: number;
  readonly y: number;
}

export interface PushTThoughts {
  readonly planned: readonly Spot[];
  readonly fan: readonly (readonly Spot[])[];
  /** Where the person points; null for nowhere. */
  readonly target: Spot | null;
}

/** Paints a moment on a canvas whose transform counts `size` px to a side. */
export function paintPushT(
  context: CanvasRenderingContext2D,
  size: number,
  colours: Colours,
  { pusher, block }: PushTView,
  { fan, planned, target }: PushTThoughts,
): void {
  context.save();
  context.scale(size / PUSH_T.window, size / PUSH_T.window);
  context.fillStyle = colours.panel;
  context.fillRect(0, 0, PUSH_T.window, PUSH_T.window);
  grid(context, colours);
  t(context, PUSH_T.goal, `color-mix(in srgb, ${colours.good} 26%, ${colours.panel})`, colours.good, true);
  t(context, block, `color-mix(in srgb, ${colours.inkSoft} 82%, ${colours.panel})`, colours.ink, false);
  context.globalAlpha = 0.4;
  for (const way of fan) line(context, way, colours.policy, 2);
  context.globalAlpha = 1;
  if (planned.length > 0) line(context, planned, colours.policy, 3.5);
  planned.forEach((spot, i) => {
    dot(context, spot, i === planned.length - 1 ? 5 : 2.6, colours.policy);
  });
  dot(context, pusher, PUSHER_RADIUS, target ? colours.expert : colours.policy, colours.panel);
  if (target) cross(context, target, colours.expert);
  context.restore();
}

/** Where in the window of the world, px, somebody points who points at a canvas that shows all of it. */
export function pointedAt(canvas: HTMLCanvasElement, { clientX, clientY }: PointerEvent): Spot {
  const { left, top, width } = canvas.getBoundingClientRect();
  const place = (value: number) => Math.min(Math.max((value * PUSH_T.window) / width, 0), PUSH_T.window);
  return { x: place(clientX - left), y: place(clientY - top) };
}

function grid(context: CanvasRenderingContext2D, { line: colour, inkSoft }: Colours): void {
  context.beginPath();
  for (let at = 64; at < PUSH_T.window; at += 64) {
    context.moveTo(at, 0);
    context.lineTo(at, PUSH_T.window);
    context.moveTo(0, at);
    context.lineTo(PUSH_T.window, at);
  }
  context.strokeStyle = colour;
  context.globalAlpha = 0.5;
  context.lineWidth = 1;
  context.stroke();
  context.globalAlpha = 1;
  // The walls of the world.
  context.strokeStyle = inkSoft;
  context.lineWidth = 4;
  context.strokeRect(5, 5, 501, 501);
}

function t(
  context: CanvasRenderingContext2D,
  { x, y, angle }: { readonly x: number; readonly y: number; readonly angle: number },
  fill: string,
  edge: string,
  dashed: boolean,
): void {
  const [bar, stem] = T_RECTANGLES;
  context.save();
  context.translate(x, y);
  context.rotate(angle);
  context.beginPath();
  context.moveTo(bar.left, bar.low);
  context.lineTo(bar.right, bar.low);
  context.lineTo(bar.right, bar.high);
  context.lineTo(stem.right, bar.high);
  context.lineTo(stem.right, stem.high);
  context.lineTo(stem.left, stem.high);
  context.lineTo(stem.left, bar.high);
  context.lineTo(bar.left, bar.high);
  context.closePath();
  context.fillStyle = fill;
  context.fill();
  context.setLineDash(dashed ? [9, 6] : []);
  context.lineWidth = 2.5;
  context.lineJoin = "round";
  context.strokeStyle = edge;
  context.stroke();
  context.restore();
}

function line(context: CanvasRenderingContext2D, way: readonly Spot[], colour: string, width: number): void {
  context.beginPath();
  for (const { x, y } of way) context.lineTo(x, y);
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.lineJoin = context.lineCap = "round";
  context.stroke();
}

function dot(context: CanvasRenderingContext2D, { x, y }: Spot, radius: number, fill: string, edge?: string): void {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fillStyle = fill;
  context.fill();
  if (!edge) return;
  context.strokeStyle = edge;
  context.lineWidth = 3;
  context.stroke();
}

function cross(context: CanvasRenderingContext2D, { x, y }: Spot, colour: string): void {
  context.beginPath();
  context.arc(x, y, 11, 0, 2 * Math.PI);
  for (const [dx, dy] of [
    [1, 0],
    [-1, 0],
    [0, 1],
    [0, -1],
  ]) {
    context.moveTo(x + dx * 5, y + dy * 5);
    context.lineTo(x + dx * 17, y + dy * 17);
  }
  context.strokeStyle = colour;
  context.lineWidth = 2.5;
  context.stroke();
}
