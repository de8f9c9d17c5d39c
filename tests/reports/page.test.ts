import { parseHTML } from "linkedom";
import { chromium } from "playwright-core";
import { describe, expect, it } from "vitest";
import { findBrowser } from "../../scripts/prepare-browser.ts";
import { wilson } from "../../src/base/index.ts";
import { experimentReport, markup, runReport } from "../../src/reports/index.ts";
import { exampleRun } from "./example.ts";

const HOSTILE = `<script>alert(1)</script><img src=x onerror="alert(1)"> & 'quoted' "twice" </style>`;

describe("markup", () => {
  it("escapes what is put in, and keeps what is markup", () => {
    expect(markup`<p title="${HOSTILE}">${"<b>"}${markup`<i>${1}</i>`}${["&", null, false, 2]}</p>`.markup).toBe(
      '<p title="&lt;script&gt;alert(1)&lt;/script&gt;&lt;img src=x onerror=&quot;alert(1)&quot;&gt; &amp; &#39;quoted&#39; ' +
        '&quot;twice&quot; &lt;/style&gt;">&lt;b&gt;<i>1</i>&amp;2</p>',
    );
  });
});

const launch = () => chromium.launch({ executablePath: findBrowser()!, args: ["--no-sandbox", "--disable-gpu"] });

/** Reports in which every text is hostile. */
async function hostileReports() {
  const example = await exampleRun();
  const scores = [{ ...example.heldOut!.scores[0], predictor: HOSTILE }];
  const rate = wilson(1, 2);
  const run = runReport({
    ...example,
    title: HOSTILE,
    summary: HOSTILE,
    command: HOSTILE,
    recipe: { [HOSTILE]: HOSTILE, list: [HOSTILE], nested: { inner: [{ deep: HOSTILE }] } },
    versions: { [HOSTILE]: HOSTILE },
    dataset: { source: HOSTILE },
    heldOut: { ...example.heldOut!, scores },
    evaluation: { ...example.evaluation!, task: HOSTILE, modes: { [HOSTILE]: rate }, metrics: { [HOSTILE]: rate } },
    notes: [HOSTILE],
  });
  const legend = [{ colour: "policy", label: HOSTILE }] as const;
  const tables = [{ caption: HOSTILE, columns: [HOSTILE], rows: [[HOSTILE]] }];
  const pictures = [{ drawing: markup`<svg></svg>`, caption: HOSTILE, legend }];
  const experiment = experimentReport({
    title: HOSTILE,
    summary: HOSTILE,
    command: HOSTILE,
    sections: [{ heading: HOSTILE, text: [HOSTILE], tables, pictures }],
    notes: [HOSTILE],
    circumstances: { [HOSTILE]: HOSTILE },
  });
  return { run, experiment };
}

describe("reports", () => {
  it("escape every text they are given", async () => {
    const { run, experiment } = await hostileReports();
    for (const [html, least] of [
      [run, 12],
      [experiment, 11],
    ] as const) {
      const { document } = parseHTML(html);
      expect(document.querySelectorAll("script, img, [onerror]").length).toBe(0);
      expect(document.querySelectorAll("style").length).toBe(1);
      expect(document.querySelector("h1")!.textContent).toBe(HOSTILE);
      expect(html.split("&lt;script&gt;alert(1)").length - 1).toBeGreaterThanOrEqual(least);
    }
  });

  it("refer to nothing outside themselves", async () => {
    const html = runReport(await exampleRun());
    const { document } = parseHTML(html);
    const references = [...document.querySelectorAll("[src], [href]")].map(
      (element) => element.getAttribute("src") ?? element.getAttribute("href") ?? "",
    );
    // The empty icon, and clips within a chart, which name a part of the page itself.
    expect(references.filter((reference) => !reference.startsWith("#"))).toEqual(["data:,"]);
    expect(html.replaceAll('xmlns="http://www.w3.org/2000/svg"', "")).not.toMatch(/https?:|@import|\/\/[a-z]/i);
    expect([...html.matchAll(/url\(([^)]*)\)/g)].every(([, target]) => /^["']?(&quot;)?#/.test(target))).toBe(true);
  });

  it("leave out the parts for which there is nothing", () => {
    const html = runReport({
      title: "bare",
      recipe: { a: 1 },
      versions: {},
      losses: [],
      scenes: [],
      strips: [],
      notes: [],
    });
    const headings = [...parseHTML(html).document.querySelectorAll("h2")].map(({ textContent }) => textContent);
    expect(headings).toEqual(["Recipe"]);
  });
});

describe("in a browser", () => {
  it("runs nothing of a hostile text", async () => {
    const browser = await launch();
    try {
      const page = await browser.newPage();
      let alarms = 0;
      page.on("dialog", (dialog) => {
        alarms += 1;
        return dialog.dismiss();
      });
      for (const html of Object.values(await hostileReports())) {
        await page.setContent(html);
        expect(await page.evaluate(() => document.querySelectorAll("script, img, [onerror]").length)).toBe(0);
        expect(await page.evaluate(() => document.querySelector("h1")!.textContent)).toBe(HOSTILE);
      }
      expect(alarms).toBe(0);
    } finally {
      await browser.close();
    }
  });

  it("opens offline, asks for nothing, and fits 1280 and 400 px", async () => {
    const browser = await launch();
    try {
      const html = runReport(await exampleRun());
      for (const width of [1280, 400]) {
        const context = await browser.newContext({ offline: true, viewport: { width, height: 800 } });
        const page = await context.newPage();
        const heard: string[] = [];
        page.on("console", (message) => heard.push(message.text()));
        page.on("request", (request) => heard.push(request.url()));
        await page.setContent(html);
        expect(heard.filter((line) => line !== "data:,")).toEqual([]);
        const [content, window] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
        expect(content).toBeLessThanOrEqual(window);
        // One form of each chart is shown, and charts are drawn: they have a height.
        const shown = await page.evaluate(
          () => [...document.querySelectorAll("svg.plot")].filter((svg) => svg.clientHeight > 0).length,
        );
        const all = await page.evaluate(() => document.querySelectorAll("svg.plot").length);
        expect(shown * 2).toBe(all);
        await context.close();
      }
    } finally {
      await browser.close();
    }
  });
});
