import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** Another program at work beside a test; it is stopped when the block ends. */
export interface Program extends AsyncDisposable {
  /** Stops it as a power cut would. */
  kill(): Promise<void>;
}

/** Starts one of `programs/` and returns when it says that it is at work. */
export async function start(name: string, ...args: string[]): Promise<Program> {
  const script = fileURLToPath(new URL(`./programs/${name}.ts`, import.meta.url));
  const child = fork(script, args, { execArgv: ["--disable-warning=ExperimentalWarning"] });
  const ended = once(child, "exit");
  const first = await Promise.race([once(child, "message"), ended.then(() => undefined)]);
  if (first === undefined) throw new Error(`${name} ended before it was at work`);
  const kill = async () => {
    child.kill("SIGKILL");
    await ended;
  };
  return { kill, [Symbol.asyncDispose]: kill };
}
