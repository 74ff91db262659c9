import { EventEmitter } from "node:events";
import { expect, test } from "vitest";
import type { ClawbackError } from "../errors.ts";
import { watchInterrupts } from "./interrupt.ts";

function watch() {
  const target = new EventEmitter();
  const seen: string[] = [];
  let time = 0;
  watchInterrupts(target, {
    stop: (reason: ClawbackError) => seen.push(`stop: ${reason.code} ${reason.message}`),
    leave: () => seen.push("leave"),
    now: () => time,
  });
  const send = (name: string, at: number) => {
    time = at;
    target.emit(name);
  };
  return { send, seen };
}

test("one stops cleanly, a second one at once", () => {
  const { send, seen } = watch();
  send("SIGINT", 0);
  expect(seen).toEqual(["stop: E_INTERRUPTED stopped by SIGINT"]);
  send("SIGINT", 400);
  expect(seen).toEqual(["stop: E_INTERRUPTED stopped by SIGINT", "leave"]);
});

test("the same Ctrl-C, passed on once more by the process above, is not a second one", () => {
  const { send, seen } = watch();
  send("SIGINT", 0);
  send("SIGINT", 5);
  expect(seen).toHaveLength(1);
});

test("SIGTERM and SIGHUP stop as well", () => {
  for (const name of ["SIGTERM", "SIGHUP"]) {
    const { send, seen } = watch();
    send(name, 0);
    expect(seen).toEqual([`stop: E_INTERRUPTED stopped by ${name}`]);
  }
});
