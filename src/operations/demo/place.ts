import { existsSync, rmSync } from "node:fs";
import { mkdir, mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findPassword } from "../../config/password.ts";
import { phraseFile } from "../../config/phrase-file.ts";
import { places } from "../../config/places.ts";
import type { OperationContext } from "../context.ts";
import type { InitContext } from "../init.ts";

const REMOVAL = { recursive: true, force: true, maxRetries: 5, retryDelay: 50 } as const;
const ATTEMPTS = 20;

/** A private directory for everything that the demo makes; gone when disposed of. */
export class DemoPlace implements AsyncDisposable {
  readonly path: string;
  readonly home: string;
  /** Where the restore goes. */
  readonly target: string;
  /** The whole environment of whatever is started here. */
  readonly env: Readonly<Record<string, string>>;
  readonly #removeAtExit: () => void;

  private constructor(path: string) {
    this.path = path;
    this.home = join(path, "home");
    this.target = join(path, "restored");
    this.env = { HOME: this.home, TMPDIR: join(path, "tmp") };
    this.#removeAtExit = () => removeAtOnce(path);
  }

  static async make(): Promise<DemoPlace> {
    // Links resolved (macOS has one in its temporary directory): names are compared later on.
    const place = new DemoPlace(await realpath(await mkdtemp(join(tmpdir(), "clawback-demo-"))));
    // A second Ctrl-C ends the process where it is.
    process.once("exit", place.#removeAtExit);
    await mkdir(place.home, { mode: 0o700 });
    await mkdir(join(place.path, "tmp"), { mode: 0o700 });
    return place;
  }

  /** The given context, with nothing of the user's left in it. */
  context({ now, signal, lockWaitMs, warn, progress }: OperationContext): InitContext {
    const { env, home } = this;
    const own = places(env, home);
    const file = phraseFile(own.secretsDir, own.repository);
    return {
      env,
      home,
      now,
      signal,
      lockWaitMs,
      warn,
      progress,
      places: own,
      tempDir: own.cacheDir,
      settings: {},
      configFile: own.configFile,
      location: own.repository,
      phraseFile: file,
      instance: {},
      passwordGiven: false,
      passwords: () => findPassword({ sources: [], phraseFile: file, warn, signal }),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.path, REMOVAL);
    process.removeListener("exit", this.#removeAtExit);
  }
}

/** What is being written or removed at the same moment can make an attempt fail. */
function removeAtOnce(path: string): void {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    try {
      rmSync(path, REMOVAL);
    } catch {
      continue;
    }
    if (!existsSync(path)) return;
  }
}
