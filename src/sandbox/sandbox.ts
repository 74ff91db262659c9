import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { redactor } from "../config/redact.ts";
import { ClawbackError } from "../errors.ts";
import type { BootFacts } from "./boot.ts";
import type { CommandResult } from "./command.ts";
import { secretsOf } from "./known-secrets.ts";
import { namespacePlace } from "./namespace-place.ts";
import type { Place, SandboxOptions } from "./place.ts";
import { rewrittenPlace } from "./rewritten-place.ts";

/** What a boot has shown. */
export interface BootEvidence extends BootFacts {
  isolation: "namespaces" | "rewritten";
}

export interface BootOptions {
  /** Whether the default agent is to answer, after all else; it is unless this is false. */
  turn?: boolean;
}

const LOG_LINES = 60;
/** What this much of a proof leaves out, whatever the copy. */
const NOT_RUN = "messaging channels were not connected, cron jobs listed but not run";

/**
 * Where the real OpenClaw runs on a copy of an instance. With namespaces it can reach nothing else,
 * and every command finds the copy as it was backed up; without, a second copy is given other paths
 * and another port, and what one command writes the next one finds.
 */
export class Sandbox implements AsyncDisposable {
  readonly #place: Place;
  readonly #options: SandboxOptions;

  private constructor(place: Place, options: SandboxOptions) {
    this.#place = place;
    this.#options = options;
  }

  /** @throws E_FAILED when the system does not let it come about; E_INTERRUPTED */
  static async open(options: SandboxOptions): Promise<Sandbox> {
    const scratch = await mkdtemp(join(options.scratch, "sandbox-"));
    const own = { ...options, scratch };
    const { isolation } = options;
    try {
      const place = await (isolation.kind === "namespaces"
        ? namespacePlace(own, isolation)
        : rewrittenPlace(own));
      return new Sandbox(place, own);
    } catch (error) {
      await rm(scratch, { recursive: true, force: true });
      throw error;
    }
  }

  /** Whether the copy stays as it is, whatever OpenClaw writes. */
  get pristine(): boolean {
    return this.#place.pristine;
  }

  /** What it cannot show or has to make up, a sentence each. */
  get notes(): readonly string[] {
    return this.#place.notes;
  }

  /**
   * Runs a command of OpenClaw, without a gateway.
   *
   * @param args what follows `openclaw`; paths in it as at home
   */
  async run(args: readonly string[], { timeoutMs }: { timeoutMs: number }): Promise<CommandResult> {
    const words = [...this.#options.openclaw.words, ...args];
    const order = { order: "run" as const, words, cwd: this.#place.home, timeoutMs };
    const answer = await this.#place.fulfil(order);
    if (answer.report !== "ran") throw unexpected();
    return answer.result;
  }

  /** Starts the gateway, looks at what it makes of its state, and stops it. Takes minutes at most. */
  async boot({ turn = true }: BootOptions = {}): Promise<BootEvidence> {
    const { isolation, home, configPath, port, notes } = this.#place;
    const answer = await this.#place.fulfil({
      order: "boot",
      words: this.#options.openclaw.words,
      cwd: home,
      configPath,
      port,
      turn,
    });
    if (answer.report !== "booted") throw unexpected();
    const secrets = await secretsOf(this.#options.copy);
    const clean = redactor(() => secrets);
    const { facts } = answer;
    return {
      ...facts,
      isolation,
      problems: facts.problems.map(clean),
      notes: [...notes, NOT_RUN, ...facts.notes],
      log: clean(facts.log.split("\n").slice(-LOG_LINES).join("\n")),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#options.scratch, { recursive: true, force: true });
  }
}

function unexpected(): ClawbackError {
  return new ClawbackError("E_FAILED", "the sandbox answered what it was not asked");
}
