/** What the studio remembers of this browser: kept in localStorage, which may be missing or full. */

export const STUDIO_TASKS = [
  { name: "driving", title: "Driving", what: "three lanes, bends, slow vehicles and road works" },
  { name: "driving-leisurely", title: "Driving, crate far ahead", what: "a crate that is in sight for 5 s" },
  { name: "driving-fork", title: "Driving, left or right", what: "a crate in the middle: pass it on either side" },
  { name: "driving-urgent", title: "Driving, falling crate", what: "a crate falls less than 1 s ahead" },
  { name: "push-t", title: "Push-T", what: "push a T-shaped block onto its goal" },
] as const;

export type Theme = "system" | "light" | "dark";

/** Reads what was kept under `name`; `otherwise` where there is nothing, or nothing that `accept` likes. */
export function recall<T>(name: string, otherwise: T, accept: (value: unknown) => value is T): T {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(`apprentice.${name}`) ?? "null");
    return accept(value) ? value : otherwise;
  } catch {
    return otherwise;
  }
}

export function keep(name: string, value: unknown): void {
  try {
    localStorage.setItem(`apprentice.${name}`, JSON.stringify(value));
  } catch {
    // A browser that keeps nothing forgets at the next visit; nothing else is lost.
  }
}

export const isBoolean = (value: unknown): value is boolean => typeof value === "boolean";
const isText = (value: unknown): value is string => typeof value === "string" && value.length > 0;
const isTheme = (value: unknown): value is Theme => value === "system" || value === "light" || value === "dark";

/** Everything here is written through: setting it keeps it. */
class Settings {
  #task = $state(recall("task", "driving", isText));
  #operator = $state(recall("operator", "", isText));
  #theme = $state<Theme>(recall("theme", "system", isTheme));

  get task(): string {
    return STUDIO_TASKS.some(({ name }) => name === this.#task) ? this.#task : "driving";
  }
  set task(name: string) {
    this.#task = name;
    keep("task", name);
  }

  /** Who is at the page; "guest" while nobody has said. */
  get operator(): string {
    return this.#operator || "guest";
  }
  set operator(name: string) {
    this.#operator = name.trim().slice(0, 60);
    keep("operator", this.#operator);
  }

  get theme(): Theme {
    return this.#theme;
  }
  set theme(theme: Theme) {
    this.#theme = theme;
    keep("theme", theme);
  }
}

export const settings = new Settings();
