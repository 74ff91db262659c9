/**
 * The process that opens databases, so that the rest of the program need not: POSIX locks belong
 * to a process, and any descriptor of a database that other code here closes would drop a pin's. It
 * may also work synchronously, be killed at any time, and take no secret along in its environment.
 */
import { capture } from "./capture.ts";
import type { CaptureJob } from "./capture.ts";
import { ClawbackError, errno, messageOf } from "../errors.ts";
import { readFacts } from "./facts.ts";
import type { FactsReport } from "./facts.ts";
import { look } from "./look.ts";
import type { DatabaseLook, LookJob } from "./look.ts";
import type { CaptureOutcome } from "./outcome.ts";
import { proof } from "./proof.ts";
import type { DatabaseProof } from "./proof.ts";
import { copyStableSet } from "./stable-set.ts";
import type { SetJob, SetOutcome } from "./stable-set.ts";
import { verify } from "./verify.ts";
import type { Verification } from "./verify.ts";
import { captureWindow } from "./window.ts";
import type { WindowJob, WindowOutcome } from "./window.ts";

export interface Requests {
  capture: { job: CaptureJob; answer: CaptureOutcome };
  facts: { job: { path: Buffer; budgetMs: number }; answer: FactsReport };
  look: { job: LookJob; answer: DatabaseLook };
  prove: { job: { path: Buffer }; answer: DatabaseProof };
  set: { job: SetJob; answer: SetOutcome };
  verify: { job: { path: Buffer }; answer: Verification };
  window: { job: WindowJob; answer: WindowOutcome };
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
      case "look":
        return { answer: await look(request.job) };
      case "prove":
        return { answer: proof(request.job.path) };
      case "set":
        return { answer: await copyStableSet(request.job) };
      case "verify":
        return { answer: verify(request.job.path) };
      case "window":
        return { answer: await captureWindow(request.job) };
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
