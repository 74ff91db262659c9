/**
 * Appends lines of JSON to files for ever, each in two halves, so that a reader often finds the
 * last one unfinished. `steadily` is some megabytes a second, `flat-out` what the disk takes.
 */
import { openSync, writeSync } from "node:fs";
import { setImmediate, setTimeout } from "node:timers/promises";

const PADDING = "x".repeat(2000);
const LINES_A_BREATH = 4;
const [pace = "", ...paths] = process.argv.slice(2);
const files = paths.map((path) => openSync(path, "a"));

function append(seq: number): void {
  const line = `${JSON.stringify({ seq, role: "user", text: PADDING })}\n`;
  for (const half of [line.slice(0, 1000), line.slice(1000)]) {
    for (const file of files) writeSync(file, half);
  }
}

append(0);
process.once("disconnect", () => process.exit());
process.send?.("at work");
for (let seq = 1; ; seq += 1) {
  append(seq);
  if (seq % LINES_A_BREATH === 0) await (pace === "steadily" ? setTimeout(1) : setImmediate());
}
