/**
 * Checks that the house stands as `floors.json` draws it:
 * - a room imports only rooms of strictly lower floors (type-only imports count), and only through their doors;
 * - no circle between the files of a room;
 * - every room is on a floor, has an `index.ts`, and states its law in that file's first comment;
 * - `src/` itself holds the public doors only, which no room imports, and folders beside it import nothing else;
 * - nothing that `src/browser.ts` loads needs Node.
 */
import { builtinModules } from "node:module";
import { type House, type HouseFile, type Import, isMain, REPOSITORY, readHouse, readLaw, report } from "./house.ts";

export function checkFloors(house: House): string[] {
  return [...checkRooms(house), ...checkImports(house), ...checkCircles(house), ...checkBrowser(house)];
}

function checkRooms({ root, plan, rooms, files }: House): string[] {
  const planned = plan.floors.flat();
  const problems = planned
    .filter((room, i) => planned.indexOf(room) !== i)
    .map((room) => `floors.json: room "${room}" is on two floors`);
  for (const room of rooms) {
    if (!planned.includes(room)) problems.push(`src/${room}: the room is on no floor of floors.json`);
    if (!files.has(`src/${room}/index.ts`)) problems.push(`src/${room}: the room has no door (index.ts)`);
    else if (!readLaw(root, room)) problems.push(`src/${room}/index.ts:1: the first lines must state the room's law`);
  }
  for (const { path, room } of files.values()) {
    if (path.startsWith("src/") && room === null && !plan.public.includes(path.slice(4))) {
      problems.push(
        `${path}: only ${plan.public.join(" and ")} may lie in src/ itself; everything else lives in a room`,
      );
    }
  }
  return problems;
}

function checkImports({ plan, files }: House): string[] {
  const floorOf = (room: string) => plan.floors.findIndex((floor) => floor.includes(room));
  const fault = (file: HouseFile, target: string): string | null => {
    const [top, room, ...rest] = target.split("/");
    if (file.room === null && !file.path.startsWith("src/")) {
      const isPublic = plan.public.some((door) => target === `src/${door}`);
      return top === "src" && !isPublic ? "only the public door may be imported from outside src/" : null;
    }
    if (top !== "src") return "src/ imports nothing outside itself";
    if (rest.length === 0) return file.room === null ? null : "a room may not import the public door";
    if (file.room === room) return null;
    if (!plan.doors.includes(rest.join("/"))) return `bypasses the door of ${room} (${plan.doors.join(", ")})`;
    if (file.room !== null && floorOf(room) >= floorOf(file.room)) {
      return `${file.room} (floor ${floorOf(file.room)}) may import only lower floors, and ${room} is on floor ${floorOf(room)}`;
    }
    return null;
  };
  return [...files.values()].flatMap((file) =>
    file.imports.flatMap(({ target, specifier, line }) => {
      const problem = target && fault(file, target);
      return problem ? `${file.path}:${line}: import of "${specifier}": ${problem}` : [];
    }),
  );
}

/** One line per circle of files within a room, found by depth-first search. */
function checkCircles({ files }: House): string[] {
  const problems: string[] = [];
  const finished = new Set<string>();
  const visit = (path: string, trail: string[]) => {
    const start = trail.indexOf(path);
    if (start >= 0) problems.push(`circle of imports: ${[...trail.slice(start), path].join(" -> ")}`);
    if (start >= 0 || finished.has(path)) return;
    const file = files.get(path);
    for (const { target } of file?.imports ?? []) {
      if (target && files.get(target)?.room === file?.room) visit(target, [...trail, path]);
    }
    finished.add(path);
  };
  for (const path of files.keys()) visit(path, []);
  return problems;
}

/** Follows what `src/browser.ts` loads (type-only imports load nothing) to anything that needs Node. */
function checkBrowser({ plan, files }: House): string[] {
  const problems: string[] = [];
  const seen = new Set<string>();
  const needsNode = ({ specifier }: Import) =>
    specifier.startsWith("node:") || builtinModules.includes(specifier) || plan.nodeOnly.includes(specifier);
  const visit = (path: string, trail: string[]) => {
    if (seen.has(path)) return;
    seen.add(path);
    for (const imported of files.get(path)?.imports.filter(({ typeOnly }) => !typeOnly) ?? []) {
      if (needsNode(imported)) {
        const chain = [...trail, path].join(" -> ");
        problems.push(`${path}:${imported.line}: "${imported.specifier}" is not in the browser (loaded by ${chain})`);
      }
      if (imported.target) visit(imported.target, [...trail, path]);
    }
  };
  visit("src/browser.ts", []);
  return problems;
}

if (isMain(import.meta.url)) report("floors", checkFloors(readHouse(REPOSITORY)));
