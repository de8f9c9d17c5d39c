#!/usr/bin/env node
import { unusable } from "../base/index.ts";
import { main } from "./index.ts";

// Who reads may have seen enough (`| head`); otherwise it is a file on a full disk.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  const enough = error.code === "EPIPE";
  if (!enough) process.stderr.write(`apprentice: ${unusable("standard output", "written", error).message}\n`);
  process.exit(enough ? 0 : 2);
});

process.exitCode = await main(process.argv);
