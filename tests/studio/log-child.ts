/** Records an episode as fast as it can, and says how many steps it has recorded, until somebody kills it: `log-child.ts FOLDER`. */
import { openJournal } from "../../studio/src/log/journal.ts";
import { diskFolder } from "./log-disk.ts";
import { memoryLocks } from "./log-files.ts";
import { recorded } from "./recorded.ts";

const [folder] = process.argv.slice(2);
const { id, start, steps } = await recorded("driving", { seed: 3, length: 200, id: "endless" });
const journal = await openJournal({ folder: diskFolder(folder), locks: memoryLocks(), tab: "a" });
await journal.reserve(1);
const log = journal.begin(id, start);
for (let step = 0; ; step++) {
  log.append(steps[step % steps.length]);
  process.stdout.write(`${log.length}\n`);
  if (step % 20 === 0) journal.flush();
  if (step % 5 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
}
