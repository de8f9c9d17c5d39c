/** `apprentice dataset …`: what is in a dataset, what is wrong with it, and making one of another. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { CHECKS, type Check, type Finding, type Verification } from "../../datasets/index.ts";
import {
  type ColumnInfo,
  type DatasetInfo,
  datasetInfo,
  EXPORT_FORMATS,
  type ExportFormat,
  exportDataset,
  importDataset,
  type Made,
  mergeDatasets,
  splitDatasetOnDisk,
  verifyDataset,
} from "../../verbs/index.ts";
import { wholeNumber } from "../arguments.ts";
import { progressLine } from "../progress.ts";
import { table } from "../table.ts";
import { FailedVerdict } from "../verdict.ts";

const DATASET = "a store, or another format that can be read (Push-T zarr, driving log, robomimic, LeRobot)";
const JSON_FLAG = ["--json", "print one JSON object and nothing else", false] as const;

export function registerDataset(program: Command): void {
  const dataset = program.command("dataset").description("work on datasets");
  dataset
    .command("info")
    .description("what is in a dataset: episodes, steps, columns, who acted, where it is from")
    .argument("<dataset>", DATASET)
    .option(...JSON_FLAG)
    .action(async (path: string, { json }: { json: boolean }) => {
      const info = await datasetInfo({ path });
      say(json, info, () => infoText(info));
    });
  dataset
    .command("verify")
    .description("what ruins cloning, with file, episode, step and value; ends with 1 when any finding is an error")
    .argument("<dataset>", DATASET)
    .option("--chunk <n>", "actions compared from each step on when contradictions are sought", wholeNumber(1), 1)
    .addOption(new Option("--only <checks...>", "only these checks").choices(CHECKS))
    .option("--seed <n>", "chooses the steps around which contradictions are sought", wholeNumber(0), 0)
    .option(...JSON_FLAG)
    .action(verifyCommand);
  dataset
    .command("import")
    .description("a dataset of another format as a store of ours")
    .argument("<dataset>", "Push-T zarr, driving log, robomimic or LeRobot")
    .requiredOption("--out <store>", "a new or empty folder")
    .option(...JSON_FLAG)
    .action(importCommand);
  dataset
    .command("export")
    .description("a dataset in a format that Python's tools read")
    .argument("<dataset>", DATASET)
    .addOption(new Option("--format <format>", "the format").choices(EXPORT_FORMATS).makeOptionMandatory())
    .requiredOption("--out <path>", "a new path: a file (robomimic) or a folder (lerobot)")
    .option(...JSON_FLAG)
    .action(async (path: string, { out, format, json }: { out: string; format: ExportFormat; json: boolean }) => {
      sayMade(json, await exportDataset({ path, out, format }));
    });
  dataset
    .command("merge")
    .description("the episodes of several stores as one new store")
    .argument("<stores...>", "stores of one task with the same spaces")
    .requiredOption("--out <store>", "a new or empty folder")
    .option(...JSON_FLAG)
    .action(async (paths: string[], { out, json }: { out: string; json: boolean }) => {
      sayMade(json, await mergeDatasets({ paths, out }));
    });
  dataset
    .command("split")
    .description("a store as two new ones, by whole episodes chosen at random")
    .argument("<store>", "a store of ours")
    .requiredOption("--train <store>", "new folder of those to learn from")
    .requiredOption("--validation <store>", "new folder of those to hold out")
    .option("--fraction <share>", "share of the episodes to hold out", share, 0.1)
    .option("--seed <n>", "chooses the episodes", wholeNumber(0), 0)
    .option(...JSON_FLAG)
    .action(splitCommand);
}

function share(text: string): number {
  const value = /^\d*\.?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value > 0 && value < 1) return value;
  throw new InvalidArgumentError(`found "${text}", expected a number between 0 and 1.`);
}

function say(json: boolean, value: object, text: () => string): void {
  process.stdout.write(`${json ? JSON.stringify(value) : text()}\n`);
}

const sayMade = (json: boolean, made: Made) => say(json, made, () => madeText(made));
const madeText = ({ out, format, episodes, steps, digest }: Made) =>
  `${out}: ${format}, ${episodes} episodes, ${steps} steps, digest ${digest.slice(0, 12)}…`;

async function importCommand(path: string, { out, json }: { out: string; json: boolean }): Promise<void> {
  const progress = progressLine("import");
  try {
    const made = await importDataset({ path, out, onProgress: progress.show });
    progress.end();
    sayMade(json, made);
  } finally {
    progress.end();
  }
}

interface SplitOptions {
  readonly train: string;
  readonly validation: string;
  readonly fraction: number;
  readonly seed: number;
  readonly json: boolean;
}

async function splitCommand(path: string, { json, fraction, ...rest }: SplitOptions): Promise<void> {
  const parts = await splitDatasetOnDisk({ path, validationFraction: fraction, ...rest });
  say(json, parts, () => [parts.train, parts.validation].map(madeText).join("\n"));
}

interface VerifyOptions {
  readonly chunk: number;
  readonly only?: readonly Check[];
  readonly seed: number;
  readonly json: boolean;
}

async function verifyCommand(path: string, { json, ...options }: VerifyOptions): Promise<void> {
  const verification = await verifyDataset({ path, ...options });
  say(json, { dataset: path, seed: options.seed, ...verification }, () => verificationText(path, verification));
  if (verification.counts.error > 0) throw new FailedVerdict(`${path}: ${verification.counts.error} errors`);
}

function verificationText(path: string, { episodes, steps, findings, counts, multimodality }: Verification): string {
  const modes = multimodality && `Modes: ${multimodality.modality}; ${multimodality.advice}.`;
  const sum = (["error", "warning", "info"] as const).map((severity) => `${counts[severity]} ${severity}`).join(", ");
  return [
    ...findings.map(findingText),
    `${path}: ${episodes} episodes, ${steps} steps: ${sum}.`,
    ...(modes ? [modes] : []),
  ].join("\n");
}

function findingText({ severity, check, file, episode, step, name, message }: Finding): string {
  const place = [
    file,
    ...(episode === null ? [] : [`episode ${episode}`]),
    ...(step === null ? [] : [`step ${step}`]),
    ...(name === null ? [] : [name]),
  ];
  return `${severity.padEnd(8)} ${check.padEnd(17)} ${place.join(", ")}: ${message}`;
}

function infoText(info: DatasetInfo): string {
  const { path, format, task, episodes, steps, lengths, controlRate, seconds, actors, source, notes, digest } = info;
  const lines = [
    ["dataset", `${path} (${format})`],
    ["task", task],
    ["episodes", `${episodes}, of ${lengths.min} to ${lengths.max} steps, median ${lengths.median}`],
    ["steps", `${steps} at ${number(controlRate)} Hz, ${number(seconds / 60)} minutes`],
    ["actors", actors.join(", ") || "not recorded"],
    ["source", source],
    ...notes.map((note) => ["note", note]),
    ["digest", digest],
  ];
  const columns = (part: string, of: readonly ColumnInfo[]) =>
    of.map(({ name, unit, min, max, mean, std }) => [
      `${part}.${name}`,
      unit === "1" ? "" : unit,
      ...[min, max, mean, std].map(number),
    ]);
  const rows = [...columns("observation", info.observation), ...columns("action", info.action)];
  return [
    ...lines.map(([title, text]) => `${title.padEnd(10)}${text}`),
    "",
    table(["column", "unit", "min", "max", "mean", "std"], rows),
  ].join("\n");
}

const number = (value: number): string => String(Number(value.toPrecision(5)));
