import { parseHTML } from "linkedom";
import { describe, expect, it } from "vitest";
import { meanOfValues, type Rate, randomKey, randomStream, wilson } from "../../src/base/index.ts";
import {
  curvesPicture,
  experimentReport,
  histogramPicture,
  type Picture,
  ratesPicture,
  scoresPicture,
} from "../../src/reports/index.ts";

const drawings = ({ drawing }: Picture) => ("markup" in drawing ? [drawing] : [drawing.wide, drawing.narrow]);
const svgsOf = (picture: Picture) =>
  drawings(picture).map(({ markup }) => parseHTML(markup).document.querySelector("svg")!);
const numbers = (text: string) => [...text.matchAll(/-?\d+(\.\d+)?(e-?\d+)?/g)].map(([number]) => Number(number));

/** Where on a horizontal axis a value lies, from two of its labelled ticks. */
function axisOf(svg: Element): (value: number) => number {
  const ticks = [...svg.querySelectorAll('[aria-label="x-axis tick label"] text')].map((text) => ({
    value: Number.parseFloat(text.textContent!.replaceAll("\u202f", "").replace("−", "-")),
    at: numbers(text.getAttribute("transform")!)[0],
  }));
  const [first, last] = [ticks[0], ticks[ticks.length - 1]];
  return (value) => first.at + ((value - first.value) * (last.at - first.at)) / (last.value - first.value);
}

describe("rates", () => {
  const rows = [
    { label: "l2", rate: wilson(82, 500), group: "mixed" },
    { label: "diffusion", rate: wilson(498, 500), group: "mixed" },
    { label: "l2", rate: wilson(495, 500), group: "one style" },
  ];
  const picture = ratesPicture({ rows, xLabel: "success", caption: "c", references: [{ value: 0.5, label: "half" }] });

  it("stand where the axis says, with their intervals, in both widths", () => {
    for (const svg of svgsOf(picture)) {
      const at = axisOf(svg);
      const dots = [...svg.querySelectorAll('[aria-label="dot"] circle')].map((dot) => Number(dot.getAttribute("cx")));
      const bars = [...svg.querySelectorAll('[aria-label="link"] path')].map((bar) => numbers(bar.getAttribute("d")!));
      expect(dots.length).toBe(3);
      // Plot moves dots and links by half a pixel at most.
      rows.forEach(({ rate: { rate, low, high } }, i) => {
        expect(Math.abs(dots[i] - at(100 * rate))).toBeLessThan(0.51);
        expect(Math.abs(bars[i][0] - at(100 * low))).toBeLessThan(0.51);
        expect(Math.abs(bars[i][2] - at(100 * high))).toBeLessThan(0.51);
      });
      const half = Number(svg.querySelector('[aria-label="rule"] line')!.getAttribute("x1"));
      expect(Math.abs(half - at(50))).toBeLessThan(0.51);
    }
  });

  it("stand under the name of their group", () => {
    const texts = [...svgsOf(picture)[0].querySelectorAll('[aria-label="text"] text')].map((text) => ({
      text: text.textContent,
      y: numbers(text.getAttribute("transform") ?? "0,0")[1],
    }));
    const yOf = (wanted: string) => texts.filter(({ text }) => text === wanted).map(({ y }) => y);
    const [[mixed], [one], [first, second], [diffusion]] = ["mixed", "one style", "l2", "diffusion"].map(yOf);
    expect([mixed, first, diffusion, one, second]).toEqual(
      [mixed, first, diffusion, one, second].toSorted((a, b) => a - b),
    );
  });

  it("refuse an empty list", () => {
    expect(() => ratesPicture({ rows: [], xLabel: "", caption: "" })).toThrow("found no rows");
  });
});

describe("tables", () => {
  it("show the numbers they were given", () => {
    const rates = [wilson(82, 500), wilson(498, 500), wilson(0, 20)];
    const html = experimentReport({
      title: "t",
      command: "c",
      sections: [
        {
          heading: "h",
          tables: [
            {
              columns: ["head", "success", { title: "score", as: "number" }, "nats", "count"],
              rows: rates.map((rate, i) => [`head ${i}`, rate, rate, [1.25, -0.5, null][i], 1000 * i]),
            },
          ],
        },
      ],
    });
    const rows = [...parseHTML(html).document.querySelectorAll("tbody tr")];
    const shown = rows.map((row) =>
      [...row.querySelectorAll("th, td")].map(({ textContent }) =>
        textContent.replaceAll("\u202f", "").replaceAll("−", "-"),
      ),
    );
    // Wilson of 82 in 500: 13.4 to 19.9 %; of 498: 98.6 to 99.9; of 0 in 20: 0 to 16.1 (ALGORITHMS.md 9.1).
    const percent = ({ rate, low, high, n }: Rate) =>
      `${(100 * rate).toFixed(1)}%${(100 * low).toFixed(1)}–${(100 * high).toFixed(1)}n ${n}`;
    const decimal = ({ rate, low, high, n }: Rate) => `${rate.toFixed(3)}${low.toFixed(3)}–${high.toFixed(3)}n ${n}`;
    expect(shown[0]).toEqual(["head 0", "16.4%13.4–19.9n 500", decimal(rates[0]), "1.25", "0"]);
    expect(shown[1]).toEqual(["head 1", percent(rates[1]), decimal(rates[1]), "-0.50", "1000"]);
    expect(shown[2]).toEqual(["head 2", "0.0%0.0–16.1n 20", decimal(rates[2]), "–", "2000"]);
  });

  it("write no minus before zero, and no interval for a single value", () => {
    const cells = [meanOfValues([1e-5, -1e-5]), meanOfValues([0.5])];
    const tables = [{ columns: ["", "a", "b"], rows: [["x", ...cells]] }];
    const html = experimentReport({ title: "", command: "", sections: [{ heading: "", tables }] });
    const shown = [...parseHTML(html).document.querySelectorAll("tbody td")].map(({ textContent }) => textContent);
    expect(shown).toEqual(["0.0000.000 to 0.000", "0.500–"]);
  });

  it("refuse a row that is too short", () => {
    const tables = [{ columns: ["a", "b"], rows: [["x"]] }];
    expect(() => experimentReport({ title: "", command: "", sections: [{ heading: "", tables }] })).toThrow(
      "table row 0: found 1 cells, expected 2",
    );
  });
});

describe("curves", () => {
  const noise = randomStream(randomKey(1));
  const points = Array.from({ length: 20_000 }, (_, i) => ({
    x: i + 1,
    y: 0.01 + Math.exp(-i / 2000) * (1 + 0.1 * noise.normal()),
  }));
  points[7000].y = 0.9;

  it("are thinned, and keep the spike that is one point wide", () => {
    const picture = curvesPicture({
      series: [{ name: "loss", points }],
      xLabel: "update",
      yLabel: "loss",
      caption: "c",
    });
    const [svg] = svgsOf(picture);
    const path = numbers(svg.querySelector('[aria-label="line"] path')!.getAttribute("d")!);
    expect(path.length / 2).toBeLessThanOrEqual(500);
    const xs = path.filter((_, i) => i % 2 === 0);
    const spike = axisOf(svg)(points[7000].x);
    const nearest = xs.reduce((best, x, i) => (Math.abs(x - spike) < Math.abs(xs[best] - spike) ? i : best), 0);
    const ys = path.filter((_, i) => i % 2 === 1);
    // y grows downwards: the spike is far above what lies 20 points further on.
    expect(ys[nearest]).toBeLessThan(ys[nearest + 20] - 50);
  });

  it("get a logarithmic axis where values are positive and span a power of ten", () => {
    const ticksOf = (values: number[]) => {
      const series = [{ name: "loss", points: values.map((y, x) => ({ x, y })) }];
      const [svg] = svgsOf(curvesPicture({ series, xLabel: "update", yLabel: "loss", caption: "c" }));
      return [...svg.querySelectorAll('[aria-label="y-axis tick label"] text')].map(({ textContent }) => textContent);
    };
    expect(ticksOf([1, 0.1, 0.011])).toEqual(["0.02", "0.05", "0.1", "0.2", "0.5", "1"]);
    expect(ticksOf([1, -1])).toContain("−1");
  });

  it("are the same text each time they are drawn, and no two charts share a name", () => {
    const of = (name: string) =>
      curvesPicture({ series: [{ name, points }], xLabel: "update", yLabel: name, caption: "c" });
    expect(of("loss")).toEqual(of("loss"));
    const names = [of("loss"), of("held-out loss")].flatMap(drawings).flatMap(({ markup }) => {
      const [name] = /id="([^"]+)"/.exec(markup)!.slice(1);
      expect(markup).toContain(`url(#${name})`);
      return name;
    });
    expect(new Set(names).size).toBe(4);
  });

  it("are points with intervals beside dashes, on axes that are both logarithmic", () => {
    const lengths = [16, 32, 64, 128];
    const measured = lengths.map((x) => ({ x, y: x * x, low: 0.5 * x * x, high: 2 * x * x }));
    const [svg] = svgsOf(
      curvesPicture({
        series: [
          { name: "measured", points: measured, form: "points" },
          { name: "expected", points: lengths.map((x) => ({ x, y: x * x })), form: "dashes" },
        ],
        xLabel: "steps",
        yLabel: "cost",
        caption: "c",
        scale: "log",
        xScale: "log",
      }),
    );
    const dots = [...svg.querySelectorAll('[aria-label="dot"] circle')];
    const at = dots.map((dot) => ["cx", "cy"].map((name) => Number(dot.getAttribute(name))));
    // each doubling of x is as far as the one before it, and y goes up twice as many doublings
    const [[x0, y0], [x1, y1], [x2, y2]] = at;
    expect(at.length).toBe(4);
    expect(Math.abs(x2 - x1 - (x1 - x0))).toBeLessThan(0.1);
    expect(Math.abs(y2 - y1 - (y1 - y0))).toBeLessThan(0.1);
    const lines = [...svg.querySelectorAll('[aria-label="line"]')];
    expect(lines.length).toBe(1);
    expect(lines[0].outerHTML).toContain(`stroke-dasharray="5 4"`);
    const rules = [...svg.querySelectorAll('[aria-label="rule"] line')];
    // half and twice y are one doubling each, of the two between a point and the next
    const [from, to] = ["y1", "y2"].map((name) => Number(rules[0].getAttribute(name)));
    expect(Math.abs(Math.abs(from - to) - (y0 - y1))).toBeLessThan(0.1);
    const ticks = [...svg.querySelectorAll('[aria-label="x-axis tick label"] text')].map((text) => text.textContent);
    expect(ticks).toEqual(["16", "32", "64", "128"]);
  });

  it("leave out what is not finite, and refuse a curve without points", () => {
    const of = (values: number[]) => [{ name: "loss", points: values.map((y, x) => ({ x, y })) }];
    const labels = { xLabel: "update", yLabel: "loss", caption: "c" };
    const [svg] = svgsOf(curvesPicture({ series: of([3, Number.NaN, 2]), ...labels }));
    expect(numbers(svg.querySelector('[aria-label="line"] path')!.getAttribute("d")!).length).toBe(4);
    expect(() => curvesPicture({ series: of([Number.NaN]), ...labels })).toThrow("found no finite values");
  });
});

describe("scores", () => {
  it("stand over their checkpoints with intervals that end within 0 and 1", () => {
    const scores = [
      { x: 1000, rate: wilson(10, 40) },
      { x: 2000, rate: { mean: 0.95, low: 0.85, high: 1.05, n: 4 } },
    ];
    const picture = scoresPicture({ series: [{ name: "a", scores }], yLabel: "score", caption: "c" });
    for (const svg of svgsOf(picture)) {
      const at = axisOf(svg);
      const dots = [...svg.querySelectorAll('[aria-label="dot"] circle')].map((dot) =>
        ["cx", "cy"].map((name) => Number(dot.getAttribute(name))),
      );
      const bars = [...svg.querySelectorAll('[aria-label="rule"] line')].map((bar) =>
        ["y1", "y2"].map((name) => Number(bar.getAttribute(name))),
      );
      const grid = [...svg.querySelectorAll('[aria-label="y-grid"] line')].map((line) =>
        Number(line.getAttribute("y1")),
      );
      const [bottom, top] = [Math.max(...grid), Math.min(...grid)];
      const height = (share: number) => bottom + share * (top - bottom);
      const expected = [
        [0.25, scores[0].rate.low, scores[0].rate.high],
        [0.95, 0.85, 1],
      ];
      expected.forEach(([value, low, high], i) => {
        expect(Math.abs(dots[i][0] - at(scores[i].x))).toBeLessThan(0.51);
        expect(Math.abs(dots[i][1] - height(value))).toBeLessThan(0.51);
        expect(Math.abs(Math.max(...bars[i]) - height(low))).toBeLessThan(0.51);
        expect(Math.abs(Math.min(...bars[i]) - height(high))).toBeLessThan(0.51);
      });
    }
  });
});

describe("histogram", () => {
  it("counts every value once, in the bin it lies in", () => {
    const values = [0, 0.1, 0.24, 0.25, 0.5, 0.99, 1, Number.NaN];
    const [svg] = svgsOf(histogramPicture({ values, xLabel: "x", caption: "c", domain: [0, 1], bins: 4 }));
    // Bins of a quarter: 3, 1, 1 and 2 values, the upper end counted in the last.
    const heights = [...svg.querySelectorAll('[aria-label="rect"] rect')].map((bar) =>
      Number(bar.getAttribute("height")),
    );
    const unit = heights[1];
    expect(heights.length).toBe(4);
    [3, 1, 1, 2].forEach((count, i) => {
      expect(Math.abs(heights[i] - count * unit)).toBeLessThan(3);
    });
  });
});
