/**
 * The person at the devices, and what follows from it for the session. Devices only request: the session decides, by the
 * control table.
 */
import { type Axes, drivingAction, drivingView, type Phase, pushTView, wheelAt } from "apprentice";
import { moveTarget } from "../devices/actions.ts";
import { attachDevices, type Devices } from "../devices/devices.ts";
import { type Command, DEFAULT_MAPPING, type Mapping, readMapping } from "../devices/mapping.ts";
import type { LaneView } from "../session/messages.ts";
import { isBoolean, keep, recall } from "../settings.svelte.ts";
import { giveKeysBack } from "./focus.ts";
import type { SessionClient } from "./session-client.svelte.ts";

const FOR_PAGE = ["view", "mute", "next", "again", "discard"] as const satisfies readonly Command[];
/** Commands that the page carries out: the camera, the sound, the next episode. */
export type PageCommand = (typeof FOR_PAGE)[number];
const isForPage = (command: Command): command is PageCommand => FOR_PAGE.some((one) => one === command);

export interface PilotEvents {
  command(command: PageCommand): void;
  notice(text: string): void;
}

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;
/** Actions that differ by less are the same: nothing new to be told. */
const SAME = 1e-4;

export class Pilot {
  mapping = $state.raw<Mapping>(readMapping(recall("mapping", {}, isObject)) ?? DEFAULT_MAPPING);
  /** Control input takes over only while the hold is held, and letting go of it hands back. */
  holdMode = $state(recall("hold", false, isBoolean));
  /** Where Push-T's target is: for drawing. */
  target = $state.raw<{ x: number; y: number } | null>(null);

  readonly #client: SessionClient;
  readonly #events: PilotEvents;
  readonly #devices: Devices;
  readonly #endFocus = giveKeysBack();
  #isHolding = false;
  #rewinding = false;
  #sent: readonly number[] | null = null;
  #lastPoll = performance.now();
  #episode = "";
  #frame = 0;
  /** Who went on before the last pause. */
  #before: "takeOver" | "handBack" = "takeOver";

  constructor(client: SessionClient, events: PilotEvents) {
    this.#client = client;
    this.#events = events;
    this.#devices = attachDevices({
      mapping: () => this.mapping,
      events: {
        command: (command, isDown) => this.#command(command, isDown),
        moved: () => this.#moved(),
        lost: (why) => this.#lost(why),
      },
    });
    const turn = () => {
      this.#poll();
      this.#frame = requestAnimationFrame(turn);
    };
    this.#frame = requestAnimationFrame(turn);
  }

  remap(mapping: Mapping): void {
    this.mapping = mapping;
    keep("mapping", mapping);
  }

  setHoldMode(on: boolean): void {
    this.holdMode = on;
    keep("hold", on);
  }

  capture(tell: ((code: string) => void) | null): void {
    this.#devices.capture(tell);
  }

  /** The stick of a finger or of the mouse's button on the scene. */
  stick(at: Axes | null): void {
    this.#devices.stick(at);
  }

  /** Push-T: the person points somewhere, px of its window; pressed: they mean it. */
  point(x: number, y: number, pressed: boolean): void {
    const lane = this.#client.laneNow;
    if (!lane || lane.ended) return;
    if (lane.phase !== "expert" && !pressed && !this.#client.shadowing) return;
    this.target = { x, y };
    this.#send();
    if (pressed) this.#wantControl(lane);
  }

  takeOver(): void {
    const lane = this.#client.laneNow;
    if (!lane || lane.ended || lane.phase === "expert") return;
    this.#begin(lane);
    this.#client.request("takeOver");
  }

  handBack(): void {
    const lane = this.#client.laneNow;
    if (!lane || lane.ended) return;
    if (this.#client.options?.policy === null) {
      this.#events.notice("There is no policy to hand back to: this is a demonstration.");
      return;
    }
    this.#client.request("handBack");
  }

  togglePause(): void {
    const lane = this.#client.laneNow;
    if (!lane || lane.ended) return;
    if (lane.phase !== "paused") this.#pause(lane.phase);
    else if (this.#client.options?.part === "demonstrate") this.takeOver();
    else if (this.#before === "takeOver" && lane.step > 0) this.takeOver();
    else this.handBack();
  }

  markSuccess(): void {
    this.#client.say({ kind: "mark", success: true });
    this.#events.notice("Marked as a success.");
  }

  rewind(on: boolean): void {
    if (on === this.#rewinding) return;
    this.#rewinding = on;
    this.#client.say({ kind: "rewind", on });
  }

  detach(): void {
    cancelAnimationFrame(this.#frame);
    this.#devices.detach();
    this.#endFocus();
  }

  #pause(phase: Phase): void {
    this.#before = phase === "expert" ? "takeOver" : "handBack";
    this.#client.request("pause");
  }

  #lost(why: "hidden" | "unfocused" | "unplugged"): void {
    const lane = this.#client.laneNow;
    this.#isHolding = false;
    this.rewind(false);
    if (!lane || lane.ended || lane.phase === "paused") return;
    this.#pause(lane.phase);
    const words = {
      hidden: "Paused: this tab was hidden.",
      unfocused: "Paused: the window lost the focus.",
      unplugged: "Paused: the gamepad is gone.",
    };
    this.#events.notice(words[why]);
  }

  /** Control begins where the world is, not where the hands were last. */
  #begin(lane: LaneView): void {
    if (this.#client.options?.task === "push-t") {
      if (!this.target) this.target = pushTView(lane.snapshot).pusher;
    } else {
      const { ego } = drivingView(lane.snapshot);
      this.#devices.seed({ x: lane.step === 0 ? 0 : wheelAt(ego.steering, ego.speed), y: 0 });
    }
    this.#send();
  }

  #wantControl(lane: LaneView): void {
    if (lane.ended || lane.phase === "expert" || this.#client.shadowing || this.#rewinding) return;
    if (this.holdMode && !this.#isHolding && this.#client.options?.part === "watch") return;
    this.#begin(lane);
    this.#client.request("takeOver");
  }

  #moved(): void {
    const lane = this.#client.laneNow;
    if (!lane) return;
    this.#send();
    if (this.#devices.isHeld()) this.#wantControl(lane);
  }

  #command(command: Command, isDown: boolean): void {
    const client = this.#client;
    const isWatching = client.options?.part === "watch";
    if (command === "rewind") this.rewind(isDown);
    else if (command === "hold") {
      this.#isHolding = isDown;
      if (isWatching && isDown) this.takeOver();
      else if (isWatching && client.laneNow?.phase === "expert") this.handBack();
    } else if (!isDown) return;
    else if (command === "takeOver") this.takeOver();
    else if (command === "handBack") this.handBack();
    else if (command === "pause") this.togglePause();
    else if (command === "slow") client.slowMotion(!client.slow);
    else if (command === "shadow" && isWatching) client.shadow(!client.shadowing);
    else if (command === "success") this.markSuccess();
    else if (isForPage(command)) this.#events.command(command);
  }

  #poll(): void {
    const now = performance.now();
    // A tab that slept has not steered all the while.
    const seconds = Math.min((now - this.#lastPoll) / 1000, 0.1);
    this.#lastPoll = now;
    this.#devices.poll(seconds);
    const axes = this.#devices.axes();
    const { phase, episode = "" } = this.#client.laneNow ?? {};
    // What was pointed at in one episode means nothing in the next.
    if (episode !== this.#episode) this.target = null;
    this.#episode = episode;
    const isDriving = phase === "expert" || this.#client.shadowing;
    if (!isDriving) {
      if (this.target && phase !== "paused") this.target = null;
      return;
    }
    if (this.target && (axes.x !== 0 || axes.y !== 0)) this.target = moveTarget(this.target, axes, seconds);
    this.#send();
  }

  /** Tells the session where the devices stand, where that is news. */
  #send(): void {
    const action = this.#action();
    const before = this.#sent;
    const isNews =
      action === null || before === null
        ? action !== before
        : action.some((value, i) => Math.abs(value - before[i]) > SAME);
    if (!isNews) return;
    this.#sent = action;
    this.#client.input(action);
  }

  #action(): readonly number[] | null {
    const lane = this.#client.laneNow;
    if (!lane) return null;
    if (this.#client.options?.task === "push-t") return this.target && [this.target.x, this.target.y];
    const axes = this.#devices.axes();
    if (axes.x === 0 && axes.y === 0) return null;
    return drivingAction(axes, drivingView(lane.snapshot).ego.speed);
  }
}
