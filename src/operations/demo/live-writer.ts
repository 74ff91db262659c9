import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { ClawbackError } from "../../errors.ts";
import { workerScript } from "../../worker-pool.ts";
import type { Conversations } from "./conversation.ts";

/** `revise`: edit some old messages, and tell what all of them are afterwards. */
export type WriterQuestion = "status" | "revise";

export interface WriterAnswer {
  /** Committed so far. */
  turns: number;
  /** The slowest commit since the last question, ms; waiting for locks counts. */
  longest: number;
  /** How many old messages were edited. */
  revised?: number;
  oldMessages?: Conversations["oldMessages"];
  oldDigest?: Conversations["oldDigest"];
}

/** The process that plays the running agent. Gone when disposed of. */
export class LiveWriter implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #exit: Promise<unknown>;
  #complaint = "";

  /** @param env all that the process sees of the environment */
  constructor(database: string, env: Readonly<Record<string, string>>) {
    const script = fileURLToPath(workerScript(import.meta.url, "writer"));
    this.#child = spawn(process.execPath, ["--no-warnings", script, database], {
      env: { ...env },
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => (this.#complaint += text));
    // An error (it could not be started) settles this as well as an end.
    this.#exit = once(this.#child, "close").catch((error: unknown) => error);
  }

  /** @throws E_FAILED when the process is gone */
  async ask(question: WriterQuestion): Promise<WriterAnswer> {
    const answered = once(this.#child, "message");
    // The loser of the race below must not count as unhandled.
    answered.catch(() => undefined);
    if (this.#child.connected) this.#child.send(question);
    const first = await Promise.race([answered, this.#exit.then(() => undefined)]);
    if (first === undefined) {
      const why = /^\w*Error: .*$/m.exec(this.#complaint)?.[0] ?? "it did not say why";
      throw new ClawbackError("E_FAILED", `the process that plays the agent has ended: ${why}`);
    }
    return first[0] as WriterAnswer;
  }

  /** As if the power went: no time to close anything. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#exit;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}
