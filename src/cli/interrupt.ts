import { ClawbackError } from "../errors.ts";

/** One Ctrl-C can arrive twice: from the terminal, and from whoever passes signals on to us. */
const ECHO = 100;

export interface InterruptHandlers {
  /** The first time: wind up cleanly. */
  stop: (reason: ClawbackError) => void;
  /** The second time: no more waiting. */
  leave: () => void;
  now: () => number;
}

/** Turns SIGINT, SIGTERM and SIGHUP into one clean stop, and a second one into an immediate end. */
export function watchInterrupts(target: NodeJS.EventEmitter, handlers: InterruptHandlers): void {
  let first: number | undefined;
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    target.on(name, () => {
      if (first === undefined) {
        first = handlers.now();
        handlers.stop(new ClawbackError("E_INTERRUPTED", `stopped by ${name}`));
      } else if (handlers.now() - first > ECHO) {
        handlers.leave();
      }
    });
  }
}
