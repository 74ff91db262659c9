import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

/** The program under test; CLAWBACK_TEST_BIN names another build, an unpacked package say. */
export const bin =
  process.env["CLAWBACK_TEST_BIN"] ??
  fileURLToPath(new URL("../../bin/clawback.js", import.meta.url));

export interface Transcript {
  stdout: string;
  stderr: string;
  code: number | null;
}

export interface RunOptions {
  env?: Record<string, string>;
  node?: string;
  /** Does something to the running process, such as sending it a signal. */
  meanwhile?: (child: ReturnType<typeof spawn>) => void;
}

/** A home of its own, where nothing of this machine's user or environment is seen. */
export class Sandbox {
  readonly home: string;
  private constructor(home: string) {
    this.home = home;
  }

  static async create(): Promise<Sandbox> {
    if (!existsSync(join(bin, "../../dist/cli/main.js"))) {
      throw new Error("dist/ is missing: npm run build");
    }
    return new Sandbox(await mkdtemp(join(tmpdir(), "clawback-cli-")));
  }

  /** Runs `clawback` with these words, without a terminal, to its end. */
  async run(argv: readonly string[], options: RunOptions = {}): Promise<Transcript> {
    const child = spawn(options.node ?? process.execPath, [bin, ...argv], {
      cwd: this.home,
      env: { PATH: process.env["PATH"], HOME: this.home, TZ: "UTC", ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const closed = new Promise<number | null>((resolve) => child.once("close", resolve));
    options.meanwhile?.(child);
    const [stdout, stderr, code] = await Promise.all([
      // A test may close it: what had come until then is not looked at.
      text(child.stdout).catch(() => ""),
      text(child.stderr),
      closed,
    ]);
    const tidy = (output: string) => output.replaceAll(this.home, "~");
    return { stdout: tidy(stdout), stderr: tidy(stderr), code };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.home, { recursive: true, force: true });
  }
}
