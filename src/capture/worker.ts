/**
 * The process that opens databases, so that the rest of the program need not: POSIX locks belong
 * to a process, and any descriptor of a database that other code here closes would drop a pin's. It
 * may also work synchronously, be killed at any time, and take no secret along in its environment.
 */
import { capture } from "./capture.ts";
import type { CaptureJob, CaptureOutcome } from "./capture.ts";
import { ClawbackError, errno, messageOf } from "../errors.ts";
import { readFacts } from "./facts.ts";
import type { FactsReport } from "./facts.ts";
import { copyStableSet } from "./stable-set.ts";
import type { SetJob, SetOutcome } from "./stable-set.ts";

export interface Requests {
  capture: { job: CaptureJob; answer: CaptureOutcome };
  facts: { job: { path: Buffer; budgetMs: number }; answer: FactsReport };
  set: { job: SetJob; answer: SetOutcome };
}

type Request = {
  [Kind in keyof Requests]: { kind: Kind; job: Requests[Kind]["job"] };
}[keyof Requests];

/** An error on its way to the parent: a ClawbackError's code, or a system error's. */
export interface Failure {
  message: string;
  code: string | undefined;
  hint: string | undefined;
  foreseen: boolean;
}

export type Reply = { answer: Requests[keyof Requests]["answer"] } | { failure: Failure };

async function perform(request: Request): Promise<Reply> {
  try {
    switch (request.kind) {
      case "capture":
        return { answer: await capture(request.job) };
      case "facts":
        return { answer: readFacts(request.job.path, request.job.budgetMs) };
      case "set":
        return { answer: await copyStableSet(request.job) };
    }
  } catch (error) {
    const foreseen = error instanceof ClawbackError;
    return {
      failure: {
        message: messageOf(error),
        code: foreseen ? error.code : errno(error),
        hint: foreseen ? error.hint : undefined,
        foreseen,
      },
    };
  }
}

process.on("message", (request: Request) => {
  void perform(request).then((reply) => process.send?.(reply));
});
// Ctrl-C reaches the whole group of processes; the parent decides what becomes of the work.
process.on("SIGINT", () => undefined);
process.on("SIGTERM", () => undefined);
process.on("disconnect", () => process.exit());
