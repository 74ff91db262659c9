import { setTimeout as sleep } from "node:timers/promises";
import { ClawbackError } from "../../src/errors.ts";
import { serveJobs } from "../../src/worker-pool.ts";

/** A worker of the pool's tests: does what it is told, well or badly. */
export interface PoolJob {
  do:
    | "answer"
    | "fail"
    | "refuse"
    | "hint"
    | "exit"
    | "exit-well"
    | "crash"
    | "sleep"
    | "work"
    | "wait"
    | "tell"
    | "odd";
  value?: number;
}

let noted = 0;

serveJobs<PoolJob, unknown, number, string>(
  async ({ do: what, value = 0 }, port) => {
    switch (what) {
      case "answer":
        return value * 2;
      case "fail":
        throw new TypeError("a bug");
      case "refuse":
        throw Object.assign(new Error("ENOSPC: no space"), { code: "ENOSPC" });
      case "hint":
        throw new ClawbackError("E_DAMAGED", "broken", { hint: "mend it" });
      case "exit":
        return process.exit(3);
      case "exit-well":
        return process.exit(0);
      case "crash":
        setImmediate(() => {
          throw new Error("out of nowhere");
        });
        return sleep(60_000);
      case "sleep":
        await sleep(value);
        return value;
      case "work":
        while (!port.stopping);
        return value;
      case "wait":
        return new Promise(() => {});
      case "odd":
        return () => "a function cannot be sent";
      case "tell":
        port.emit(`noted ${noted}`);
        return noted;
    }
  },
  (note) => {
    noted += note;
  },
);
