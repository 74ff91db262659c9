/**
 * Writes like a messaging account does: credentials with a counter, and keys that come, change and
 * go. After each burst all of them hold the counter. `<directory> <pause between bursts, in ms>`
 */
import { renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const [directory = "", pause = "0"] = process.argv.slice(2);
const KEYS = 300;

function burst(count: number): void {
  writeFileSync(
    join(directory, "creds.json"),
    JSON.stringify({ count, noise: "x".repeat(count % 700) }),
  );
  for (let key = 0; key < 30; key += 1) {
    const path = join(directory, `session-${(count * 7 + key * 10) % KEYS}.json`);
    writeFileSync(`${path}.tmp`, String(count));
    renameSync(`${path}.tmp`, path);
  }
  rmSync(join(directory, `pre-key-${count - 20}.json`), { force: true });
  writeFileSync(join(directory, `pre-key-${count}.json`), String(count));
  writeFileSync(join(directory, "last.json"), String(count));
}

for (let key = 0; key < KEYS; key += 1) writeFileSync(join(directory, `session-${key}.json`), "0");
for (let count = 1; ; count += 1) {
  burst(count);
  if (count === 1) process.send?.("begun");
  if (pause !== "0") await sleep(Number(pause));
}
