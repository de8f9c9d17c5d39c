/**
 * reports: what came out, as one HTML file each that opens without a network: charts, scenes, rollouts at a glance, tables.
 *
 * Law: imports every lower floor; Observable Plot draws the charts, linkedom stands in for a browser. Takes plain data and
 * returns text: reads and writes no files. Everything that is put into a page is escaped (`markup.ts`).
 */
export { type CurvesRequest, curvesPicture, type Score, type ScoresRequest, scoresPicture } from "./charts/curves.ts";
export { type HistogramRequest, histogramPicture } from "./charts/histogram.ts";
export { type RateRow, type RatesRequest, ratesPicture } from "./charts/rates.ts";
export { type ExperimentReport, type ExperimentSection, experimentReport } from "./experiment-report.ts";
export { figureFile } from "./figure.ts";
export { type Markup, markup } from "./markup.ts";
export { type OnlineReport, onlineReport, type ReportedRound } from "./online-report.ts";
export type { Colour, LegendEntry, Picture } from "./picture.ts";
export { type RunReport, runReport } from "./run-report.ts";
export { sampleChunks } from "./scenes/chunks.ts";
export { type DrivingDrawing, drawDriving } from "./scenes/driving.ts";
export { drawFork, type ForkDrawing } from "./scenes/fork.ts";
export { drawPushT, type PushTDrawing } from "./scenes/push-t.ts";
export { type ScenesRequest, scenesOf } from "./scenes/sampled.ts";
export { pathOfChunk } from "./scenes/stage.ts";
export { rolloutStrip } from "./scenes/strip.ts";
export type { Way, Ways } from "./scenes/ways.ts";
export type { Cell, ColumnSpec, ResultTable } from "./tables.ts";
