import { homedir } from "node:os";
import { setFlagsFromString } from "node:v8";
import { EXIT } from "./exit-codes.ts";
import type { ExitCode } from "./exit-codes.ts";
import { tellFailure } from "./failure.ts";
import { watchInterrupts } from "./interrupt.ts";
import { isClosedPipe, OUTPUT_CLOSED } from "./io.ts";
import type { Io } from "./io.ts";
import { run } from "./run.ts";

/** Runs Clawback on this process: its words, streams and signals. Does not come back. */
export async function main(): Promise<void> {
  // Long walks make short-lived garbage; left to itself, V8 grows the space for it to 100 MB.
  setFlagsFromString("--semi-space-growth-factor=1");
  const stopping = new AbortController();
  watchInterrupts(process, {
    stop: (reason) => {
      process.stderr.write("\nstopping cleanly; press Ctrl-C again to stop at once\n");
      stopping.abort(reason);
    },
    leave: () => leave(EXIT.interrupted),
    now: () => performance.now(),
  });
  process.stdout.on("error", (error) => {
    if (isClosedPipe(error)) stopping.abort(OUTPUT_CLOSED);
  });
  // Nobody left to tell.
  process.stderr.on("error", () => undefined);
  quietWarnings();
  const io: Io = {
    argv: process.argv.slice(2),
    env: process.env,
    home: process.env["HOME"] || homedir(),
    cwd: process.cwd(),
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    signal: stopping.signal,
    now: () => new Date(),
    secrets: new Set([process.env["CLAWBACK_PASSWORD"] ?? ""]),
  };
  // Node's own report would print a stack, and whatever secret is in the message.
  process.on("uncaughtException", (error) => void tellFailure(io, error).then(leave));
  leave(await run(io));
}

/** Node's notes on experimental modules are nothing a user can act on; `--debug` keeps them. */
function quietWarnings(): void {
  if (process.argv.includes("--debug")) return;
  process.removeAllListeners("warning");
}

/** The only way out. */
function leave(code: ExitCode): never {
  process.exit(code);
}
