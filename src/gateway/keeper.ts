import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import { ClawbackError } from "../errors.ts";
import type { Order, Report } from "./keeper-messages.ts";
import { outsideOfService } from "./own-scope.ts";

/** The run's end of a keeper (`keeper-worker.ts`). */
export class Keeper {
  readonly #child: ChildProcess;
  readonly #reports: Report[] = [];
  #wake: (() => void) | undefined;
  /** Whether it has ended, killed perhaps. */
  isGone = false;

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.on("message", (report: Report) => {
      this.#reports.push(report);
      this.#wake?.();
    });
    const end = (): void => {
      this.isGone = true;
      this.#wake?.();
    };
    child.on("exit", end).on("error", end);
  }

  /** Starts one, in a session of its own: what ends the run does not end it. */
  static async spawn(): Promise<Keeper> {
    // The suffix is this file's own: .ts from the sources, .js from a build.
    const suffix = import.meta.url.endsWith(".ts") ? ".ts" : ".js";
    const script = fileURLToPath(new URL(`./keeper-worker${suffix}`, import.meta.url));
    const { words, env } = await outsideOfService();
    const [program, ...args] = [
      ...words,
      process.execPath,
      "--disable-warning=ExperimentalWarning",
      script,
    ];
    return new Keeper(
      spawn(program, args, {
        env,
        detached: true,
        cwd: "/",
        stdio: ["ignore", "ignore", "ignore", "ipc"],
      }),
    );
  }

  tell(order: Order): void {
    // That it is gone is seen by whoever waits for its report.
    if (this.#child.connected) this.#child.send(order, () => undefined);
  }

  /**
   * The next thing it says.
   * @throws E_FAILED when it has ended without a word
   */
  async report(): Promise<Report> {
    while (this.#reports.length === 0 && !this.isGone) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const report = this.#reports.shift();
    if (report === undefined) {
      throw new ClawbackError("E_FAILED", "the process that looks after the gateway has ended");
    }
    return report;
  }

  /** Lets it go on alone; it ends by itself. */
  release(): void {
    if (this.#child.connected) this.#child.disconnect();
    this.#child.unref();
  }
}
