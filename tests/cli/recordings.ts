/** Small recordings on disk: a Push-T zarr and a driving log, both of something that can be learned. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { writePushT } from "../datasets/push-t-fixture.ts";

/** Eight episodes of 20 steps. */
export async function smallPushT(folder: string): Promise<string> {
  const path = join(folder, "small.zarr");
  await writePushT(path, { steps: 160, episodeEnds: [20, 40, 60, 80, 100, 120, 140, 160], compressor: null });
  return path;
}

/** One drive of 300 rows, 70 ms apart: the steering swings as the curves of a road. */
export function smallDrivingLog(folder: string, damage: (rows: string[]) => void = () => {}): string {
  const path = join(folder, "drive");
  mkdirSync(path, { recursive: true });
  const rows = Array.from({ length: 300 }, (_, i) => {
    const clock = new Date(Date.UTC(2019, 8, 1, 13, 0, 0) + 70 * i).toISOString();
    const image = (camera: string) => `IMG/${camera}_${clock.slice(0, 23).replace(/[^0-9]/g, "_")}.jpg`;
    const steering = Math.round(213 * 0.4 * Math.sin(i / 12)) / 213;
    return [image("center"), image("left"), image("right"), steering, 0.5, 0, 20 + 5 * Math.cos(i / 12)].join(",");
  });
  damage(rows);
  writeFileSync(join(path, "driving_log.csv"), rows.join("\n"));
  return path;
}
