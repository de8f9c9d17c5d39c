/** The tasks that the studio shows: those that can be drawn and driven by hand. */
import { findTask, type Task } from "../tasks/index.ts";

const NAMES = ["driving", "driving-urgent", "driving-leisurely", "driving-fork", "push-t"];

export const STUDIO_TASKS: readonly Task[] = NAMES.map(findTask);

/** Null for a task that the studio does not show: names come from outside, and become folders. */
export const studioTask = (name: string): Task | null => STUDIO_TASKS.find((task) => task.name === name) ?? null;
