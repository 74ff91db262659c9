import type { BootFacts, BootOptions } from "./boot.ts";
import type { CommandResult, Invocation } from "./command.ts";

/** What the process in a box is asked to do; one thing, then it ends. */
export type Order =
  | ({ order: "run"; timeoutMs: number } & Invocation)
  | ({ order: "boot" } & BootOptions);

/** What it answers. */
export type Answer =
  | { report: "ran"; result: CommandResult }
  | { report: "booted"; facts: BootFacts };

export type Report = Answer | { report: "failed"; message: string };
