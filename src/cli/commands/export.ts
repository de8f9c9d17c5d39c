/** `apprentice export`: a run's policy as a file for anywhere, with proof that it does what the policy does. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { SAMPLING, type Sampling } from "../../policies/index.ts";
import { type ExportedPolicy, exportRun } from "../../verbs/index.ts";
import { wholeNumber } from "../arguments.ts";
import { table } from "../table.ts";
import { FailedVerdict } from "../verdict.ts";

interface ExportOptions {
  readonly out: string;
  readonly batch: number;
  readonly sampling?: Sampling;
  readonly samplingSteps?: number;
  readonly sampler?: "ddim" | "ddpm";
  readonly temperature?: number;
  readonly histories: number;
  readonly seed: number;
  readonly json: boolean;
}

export function registerExport(program: Command): void {
  program
    .command("export")
    .description(
      "the policy of a run as one .onnx file, compared with the policy itself on held-out demonstrations; ends with 1, and writes nothing, where they differ",
    )
    .argument("<run>", "folder of a run")
    .requiredOption("--out <file>", "where the file goes: policy.onnx")
    .option("--batch <n>", "rows that it takes at once", wholeNumber(1), 1)
    .addOption(new Option("--sampling <kind>", "what is left to chance; default: as in the recipe").choices(SAMPLING))
    .option("--sampling-steps <n>", "diffusion and flow: steps from noise to action", wholeNumber(1))
    .addOption(new Option("--sampler <kind>", "diffusion").choices(["ddim", "ddpm"]))
    .option("--temperature <x>", "autoregressive: 0 takes the likeliest bin each time", fromZero)
    .option("--histories <n>", "held-out histories to compare on", wholeNumber(1), 64)
    .option("--seed <n>", "seed of the noise to compare with", wholeNumber(0), 0)
    .option("--json", "print one JSON object and nothing else", false)
    .action(exportCommand);
}

const fromZero = (text: string): number => {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (value >= 0 && value < Infinity) return value;
  throw new InvalidArgumentError(`found "${text}", expected a number from 0.`);
};

async function exportCommand(run: string, { json, ...options }: ExportOptions): Promise<void> {
  const exported = await exportRun({ run, ...options });
  process.stdout.write(json ? `${JSON.stringify({ run, ...exported })}\n` : report(exported));
  if (!exported.parity.passed) throw new FailedVerdict();
}

function report({ out, bytes, head, inputs, outputs, parity }: ExportedPolicy): string {
  const { histories, limit, comparisons, passed } = parity;
  const { kind, ...choices } = head;
  const chosen = Object.entries(choices).map(
    ([name, value]) => `${name} ${Array.isArray(value) ? `[${value}]` : value}`,
  );
  const ports = Object.entries({ ...inputs, ...outputs }).map(([name, { dtype, shape }]) => [
    name,
    name in inputs ? "input" : "output",
    `${dtype} [${shape.join(", ")}]`,
  ]);
  const rows = comparisons.map(({ against, rows, largest, ties }) => [
    against,
    String(rows),
    largest.toExponential(1),
    String(ties),
    largest <= limit ? "equal" : "DIFFERS",
  ]);
  const lines = [
    `head ${kind}${chosen.length > 0 ? `: ${chosen.join(", ")}` : ""}`,
    table(["port", "", "type"], ports),
    table(["the file against", "rows", "largest difference", "ties", ""], rows),
    `${histories} held-out histories, the same noise for all; differences in normalised actions (-1 to 1), at most ${limit.toExponential(0)}.`,
    passed
      ? `The policy is ${out} (${(bytes / 1e6).toFixed(2)} MB).`
      : `The file does not do what the policy does: ${out} is not written.`,
  ];
  return `\n${lines.join("\n\n")}\n`;
}
