/** `apprentice studio`: serves the studio until Ctrl-C. */
import { spawn } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Command, Option } from "commander";
import { InputError } from "../../base/index.ts";
import { wholeNumber } from "../arguments.ts";
import { untilInterrupted } from "../interrupt.ts";

/** Always the same: what a browser keeps, it keeps by address and port. */
const PORT = 8421;

export function registerStudio(program: Command): void {
  program
    .command("studio")
    .description(
      "serves the studio: demonstrate, train, watch and take over in the browser; prints its address; Ctrl-C ends it",
    )
    .option("--port <n>", "port; 0 for any that is free", wholeNumber(0), PORT)
    .option("--host <host>", "address to listen on; others than this machine's own need TLS", "127.0.0.1")
    .option("--data <folder>", "where episodes and policies are kept", "studio-data")
    .option("--self-signed", "TLS with a certificate of the studio's own, which browsers ask about once", false)
    .option("--cert <file>", "TLS with this certificate (PEM)")
    .option("--key <file>", "and its key (PEM)")
    .addOption(
      new Option("--open <when>", "open a browser; auto: where a person is at the terminal")
        .choices(["auto", "yes", "no"])
        .default("auto"),
    )
    .option("--no-first-policy", "train no first policy from scripted demonstrations")
    .option("--json", "print one JSON object with the addresses and nothing else", false)
    .action(studioCommand);
}

interface StudioFlags {
  readonly port: number;
  readonly host: string;
  readonly data: string;
  readonly selfSigned: boolean;
  readonly cert?: string;
  readonly key?: string;
  readonly open: "auto" | "yes" | "no";
  readonly firstPolicy: boolean;
  readonly json: boolean;
}

async function studioCommand({ port, host, data, firstPolicy, open, json, ...flags }: StudioFlags): Promise<void> {
  const { startStudio } = await import("../../server/index.ts");
  await untilInterrupted(null, async (signal) => {
    const server = await startStudio({
      ...{ port, host, data, firstPolicy },
      certificate: certificateOf(flags),
      onFault: (error) => process.stderr.write(`apprentice: ${error instanceof Error ? error.stack : error}\n`),
    });
    const { addresses } = server;
    process.stdout.write(
      json ? `${JSON.stringify({ addresses, port: server.port, data })}\n` : textOf(addresses, data),
    );
    const [address] = addresses;
    if (open === "yes" || (open === "auto" && !json && isAttended())) openBrowser(data, address);
    await interruption(signal);
    await server.close();
    if (!json) process.stdout.write("\n");
  });
}

function certificateOf({ selfSigned, cert, key }: Pick<StudioFlags, "selfSigned" | "cert" | "key">) {
  if (cert !== undefined && key !== undefined && !selfSigned) return { cert, key };
  if (cert === undefined && key === undefined) return selfSigned ? "self-signed" : null;
  const found = [selfSigned && "--self-signed", cert && "--cert", key && "--key"].filter(Boolean).join(", ");
  throw new InputError(`found ${found}, expected --cert FILE and --key FILE together, or --self-signed alone`);
}

function textOf(addresses: readonly string[], data: string): string {
  const lines = addresses.map((address) => `  ${address}`);
  return `The studio is open at\n\n${lines.join("\n")}\n\nEpisodes and policies are kept in ${data}. Ctrl-C ends it.\n`;
}

const interruption = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });

/** Whether a browser that opens is one that somebody sees. */
const isAttended = (): boolean =>
  process.stdout.isTTY === true && !process.env.CI && !process.env.SSH_CONNECTION && hasScreen();
const hasScreen = (): boolean =>
  process.platform !== "linux" || Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY);

const OPENERS: Partial<Record<NodeJS.Platform, readonly string[]>> = {
  darwin: ["open"],
  win32: ["cmd", "/c", "start", ""],
};

/** By a file that only its owner reads: anybody on the machine may see what programs are started with. */
function openBrowser(data: string, address: string): void {
  const file = join(data, "open.html");
  rmSync(file, { force: true });
  writeFileSync(file, `<!doctype html><meta http-equiv="refresh" content="0; url=${address}">\n`, { mode: 0o600 });
  const [command, ...rest] = OPENERS[process.platform] ?? ["xdg-open"];
  const child = spawn(command, [...rest, pathToFileURL(file).href], { stdio: "ignore", detached: true });
  // Then the person opens the address that was printed.
  child.on("error", () => {});
  child.unref();
}
