/** The time of an update by width, both axes logarithmic, as SVG: one panel for each batch. */
import type { Growth } from "./growth.ts";

const PANEL = { width: 250, height: 230, left: 52, top: 40, gap: 22 } as const;
const COLOURS = { ours: "#1763ab", theirs: "#c2571a" } as const;
const TIMES = [0.1, 1, 10, 100] as const;

export function growthPlot(results: readonly Growth[], title: string): string {
  const batches = [...new Set(results.map(({ batch }) => batch))];
  const widths = [...new Set(results.map(({ width }) => width))];
  const all = results.flatMap(({ ours, theirs }) => [ours, ...(theirs === null ? [] : [theirs])]);
  const [low, high] = [Math.min(...all) / 1.4, Math.max(...all) * 1.4];
  const place = (value: number, from: number, to: number) => Math.log(value / from) / Math.log(to / from);
  const y = (time: number) => PANEL.top + PANEL.height * (1 - place(time, low, high));
  const panels = batches.map((batch, index) => {
    const start = PANEL.left + index * (PANEL.width + PANEL.gap);
    const x = (width: number) => start + 14 + (PANEL.width - 28) * place(width, widths[0], widths[widths.length - 1]);
    const points = results.filter((result) => result.batch === batch);
    const curve = (side: "ours" | "theirs") => {
      const places = points.flatMap(({ width, [side]: time }) => (time === null ? [] : [[x(width), y(time)]]));
      if (places.length === 0) return "";
      const dots = places.map(
        ([cx, cy]) => `<circle cx="${fixed(cx)}" cy="${fixed(cy)}" r="3" fill="${COLOURS[side]}"/>`,
      );
      const path = places.map((pair) => pair.map(fixed).join(",")).join(" ");
      return `<polyline points="${path}" fill="none" stroke="${COLOURS[side]}" stroke-width="1.5"/>${dots.join("")}`;
    };
    const bottom = PANEL.top + PANEL.height;
    const lines = TIMES.filter((time) => time > low && time < high).map(
      (time) =>
        `<line x1="${start}" x2="${start + PANEL.width}" y1="${fixed(y(time))}" y2="${fixed(y(time))}" stroke="#ddd"/>` +
        (index === 0 ? text(start - 6, y(time) + 4, `${time} ms`, "end") : ""),
    );
    const names = widths.map((width) => text(x(width), bottom + 16, String(width), "middle"));
    const frame = `<rect x="${start}" y="${PANEL.top}" width="${PANEL.width}" height="${PANEL.height}" fill="none" stroke="#999"/>`;
    const heading = text(start + PANEL.width / 2, PANEL.top - 6, `batch ${batch}`, "middle");
    return [...lines, frame, heading, ...names, curve("ours"), curve("theirs")].join("\n");
  });
  const width = PANEL.left + batches.length * (PANEL.width + PANEL.gap);
  const height = PANEL.top + PANEL.height + 44;
  const legend = [
    `<text x="${PANEL.left}" y="16" fill="#222">${title}</text>`,
    `<text x="${width - 200}" y="16" fill="${COLOURS.ours}">ours</text>`,
    `<text x="${width - 150}" y="16" fill="${COLOURS.theirs}">PyTorch</text>`,
    text(width / 2, height - 6, "width of the two hidden layers", "middle"),
  ];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">`,
    "<title>Time of one update by width, ours and PyTorch's</title>",
    `<rect width="${width}" height="${height}" fill="white"/>`,
    ...legend,
    ...panels,
    "</svg>\n",
  ].join("\n");
}

const fixed = (value: number) => value.toFixed(1);

const text = (x: number, y: number, content: string, anchor: "start" | "middle" | "end") =>
  `<text x="${fixed(x)}" y="${fixed(y)}" text-anchor="${anchor}" fill="#222">${content}</text>`;
