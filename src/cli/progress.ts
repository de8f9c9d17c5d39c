/** One line on standard error that shows how far a long job is. */

export interface ProgressLine {
  /** Shows the present state; `detail` is put at the end. */
  show(position: number, total: number, detail?: string): void;
  /** Clears the line on a terminal; elsewhere nothing is to be cleared. */
  end(): void;
}

const WIDTH = 24;
/** On a terminal the line is redrawn; in a log a new line is written this often, ms. */
const LOG_PERIOD = 10_000;

export function progressLine(label: string, stream: NodeJS.WriteStream = process.stderr): ProgressLine {
  const started = performance.now();
  let logged = started;
  return {
    show(position, total, detail = "") {
      const now = performance.now();
      const seconds = (now - started) / 1000;
      const left = position === 0 ? 0 : (seconds / position) * (total - position);
      const filled = Math.round((WIDTH * position) / total);
      const bar = "█".repeat(filled) + "░".repeat(WIDTH - filled);
      const line = `${label} ${bar} ${position}/${total} · ${rate(position / seconds)} · ${Math.ceil(left)} s left ${detail}`;
      if (stream.isTTY) stream.write(`\r\x1b[2K${line.slice(0, stream.columns - 1)}`);
      else if (position === total || now - logged > LOG_PERIOD) {
        stream.write(`${line}\n`);
        logged = now;
      }
    },
    end() {
      if (stream.isTTY) stream.write("\r\x1b[2K");
    },
  };
}

const rate = (perSecond: number) => `${perSecond >= 10 ? Math.round(perSecond) : perSecond.toPrecision(2)}/s`;
