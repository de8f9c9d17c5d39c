/** `apprentice tasks`: what there is to be learned. */
import type { Command } from "commander";
import { type Dimension, describeTasks, type TaskDescription } from "../../verbs/index.ts";
import { wholeNumber } from "../arguments.ts";

export function registerTasks(program: Command): void {
  program
    .command("tasks")
    .description(
      "the tasks of the house with their experts, spaces, units and control rate; or those of modules of your own",
    )
    .argument("[modules...]", "TypeScript or JavaScript modules whose default export is a task; also names of tasks")
    .option("--seed <n>", "accepted as by every command; nothing is drawn here", wholeNumber(0), 0)
    .option("--json", "print one JSON object and nothing else", false)
    .action(tasksCommand);
}

async function tasksCommand(modules: readonly string[], { json }: { json: boolean }): Promise<void> {
  const tasks = await describeTasks(modules.length > 0 ? modules : undefined);
  process.stdout.write(json ? `${JSON.stringify({ tasks })}\n` : `${tasks.map(textOf).join("\n\n")}\n`);
}

function textOf({ name, description, experts, observation, action, controlRate, maxSteps, modes }: TaskDescription) {
  const count = observation.reduce((sum, { dimensions }) => sum + dimensions.length, 0);
  const arrays = observation.map(({ name, dimensions }) => `${name} [${dimensions.length}]${unitsOf(dimensions)}`);
  const actions = action.map(({ name, unit, low, high }) => `${name} ${show(low)} to ${show(high)}${spaced(unit)}`);
  const rate = Number(controlRate.toPrecision(4));
  return [
    `${name}: ${description}`,
    `  experts  ${experts.map(({ name }) => name).join(", ") || "none"}`,
    `  sees     ${count} numbers: ${arrays.join(", ")}`,
    `  does     ${actions.join(", ")}`,
    `  clock    ${rate} Hz, at most ${maxSteps} steps (${Number((maxSteps / controlRate).toPrecision(4))} s)`,
    ...(modes.length > 0 ? [`  ways     ${modes.join(", ")}`] : []),
  ].join("\n");
}

const spaced = (unit: string): string => (unit === "1" ? "" : ` ${unit}`);
const show = (bound: number | null): string => (bound === null ? "unbounded" : String(Number(bound.toPrecision(4))));

/** The units of an array, each once. */
function unitsOf(dimensions: readonly Dimension[]): string {
  const units = [...new Set(dimensions.map(({ unit }) => unit).filter((unit) => unit !== "1"))];
  return units.length > 0 ? ` in ${units.join(", ")}` : "";
}
