import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Lateness, startClock } from "../../src/live/index.ts";
import { stoppedTime } from "./time.ts";

function started(
  time: ReturnType<typeof stoppedTime>,
  rate: number,
  during: (n: number) => void | Promise<void> = () => {},
) {
  const ticks: Lateness[] = [];
  const clock = startClock(
    rate,
    async (moment) => {
      ticks.push(moment);
      await during(ticks.length);
    },
    time.ports,
  );
  return { ticks, clock };
}

describe("clock", () => {
  it("ticks at its rate, and never drifts though every timer is late", async () => {
    const time = stoppedTime(() => 3);
    const { ticks, clock } = started(time, 20);
    await time.run(10_000);
    expect(ticks).toHaveLength(199);
    expect(ticks.map(({ at }) => at)).toEqual(ticks.map((_, i) => 1000 + 50 * (i + 1) + 3));
    expect(ticks.every(({ late }) => late === 3)).toBe(true);
    expect(clock.stats()).toEqual({ steps: 199, missed: 0, late: { p50: 3, p99: 3, max: 3 } });
  });

  it("waits on where a timer comes early", async () => {
    const time = stoppedTime((ms) => -0.02 * ms);
    const { ticks } = started(time, 20);
    await time.run(1000);
    for (const [i, { at }] of ticks.entries()) expect(Math.abs(at - (1000 + 50 * (i + 1)))).toBeLessThanOrEqual(0.25);
    expect(ticks.length).toBeGreaterThanOrEqual(19);
  });

  it("makes a step that took a little too long good by a shorter wait", async () => {
    const time = stoppedTime();
    const { ticks, clock } = started(time, 20, (n) => (n === 2 ? time.busy(70) : undefined));
    await time.run(350);
    expect(ticks.map(({ at, late }) => [at - 1000, late])).toEqual([
      [50, 0],
      [100, 0],
      [170, 20],
      [200, 0],
      [250, 0],
      [300, 0],
      [350, 0],
    ]);
    expect(clock.stats()).toMatchObject({ steps: 7, missed: 0 });
  });

  it("never catches up after a stall: the periods are missed, and counted anew from there", async () => {
    const time = stoppedTime();
    const { ticks, clock } = started(time, 20, (n) => (n === 2 ? time.busy(330) : undefined));
    await time.run(600);
    // Due at 150, it comes at 430: five whole periods too late.
    expect(ticks.map(({ at, late }) => [at - 1000, late])).toEqual([
      [50, 0],
      [100, 0],
      [430, 280],
      [480, 0],
      [530, 0],
      [580, 0],
    ]);
    expect(clock.stats()).toEqual({ steps: 6, missed: 5, late: { p50: 0, p99: 280, max: 280 } });
  });

  it("never begins a step while one is under way, nor two within half a period of a stall", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof({ weight: 4, arbitrary: fc.constant(5) }, fc.integer({ min: 0, max: 400 })), {
          minLength: 5,
          maxLength: 60,
        }),
        async (durations) => {
          const time = stoppedTime();
          let [isUnderWay, overlaps] = [false, 0];
          const { ticks, clock } = started(time, 20, async (n) => {
            if (isUnderWay) overlaps += 1;
            isUnderWay = true;
            await Promise.resolve();
            time.busy(durations[n - 1] ?? 5);
            isUnderWay = false;
          });
          await time.run(4_000);
          expect(overlaps).toBe(0);
          for (let i = 1; i < ticks.length; i++) {
            const apart = ticks[i].at - ticks[i - 1].at;
            expect(apart).toBeGreaterThanOrEqual(Math.max(50 - ticks[i - 1].late, durations[i - 1] ?? 5) - 1e-9);
            if (ticks[i - 1].late >= 50) expect(apart).toBeGreaterThanOrEqual(50 - 1e-9);
          }
          // A step in every period, or a missed one: no period is forgotten.
          expect(Math.abs(ticks.length + clock.stats().missed - 4_000 / 50)).toBeLessThanOrEqual(durations.length);
        },
      ),
      { numRuns: 30 },
    );
  });

  it("slows down and back at once", async () => {
    const time = stoppedTime();
    const { ticks, clock } = started(time, 20);
    await time.run(100);
    clock.speed(0.25);
    await time.run(500);
    clock.speed(1);
    await time.run(200);
    expect(ticks.map(({ at }) => at - 1000)).toEqual([50, 100, 300, 500, 600, 650, 700, 750, 800]);
    for (const factor of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => clock.speed(factor)).toThrow(`speed: found ${factor}, expected above 0`);
    }
  });

  it("may change its speed within a step", async () => {
    const time = stoppedTime();
    const { ticks, clock } = started(time, 20, (n) => (n === 1 ? clock.speed(0.5) : undefined));
    await time.run(400);
    expect(ticks.map(({ at }) => at - 1000)).toEqual([50, 150, 250, 350]);
  });

  it("stops, also within a step", async () => {
    const time = stoppedTime();
    const { ticks, clock } = started(time, 20, (n) => (n === 3 ? clock.stop() : undefined));
    await time.run(1000);
    expect([ticks.length, time.pending()]).toEqual([3, 0]);
    const other = started(time, 20);
    other.clock.stop();
    await time.run(1000);
    expect([other.ticks.length, time.pending()]).toEqual([0, 0]);
  });
});
