/** Makes, replaces, renames and removes files and directories below a directory, for ever. */
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";

const [root = ""] = process.argv.slice(2);
const DIRECTORIES = 20;
const FILES = 60;

/** Whole at every moment: written elsewhere, renamed. Its text says which version it is, and takes a while to be read. */
function write(path: string, version: number): void {
  writeFileSync(`${path}.new`, `version ${version}\n`.repeat(5000 + (version % 500)));
  renameSync(`${path}.new`, path);
}

function fill(directory: string, version: number): void {
  mkdirSync(directory, { recursive: true });
  for (let file = 0; file < FILES; file += 1) write(join(directory, `${file}.txt`), version);
}

for (let at = 0; at < DIRECTORIES; at += 1) fill(join(root, `d${at}`), 0);
process.once("disconnect", () => process.exit());
process.send?.("at work");
for (let version = 1; ; version += 1) {
  await setImmediate();
  // From the last name on: a walk goes the other way and meets what is gone.
  const directory = join(root, `d${DIRECTORIES - 1 - (version % DIRECTORIES)}`);
  renameSync(directory, `${directory}.old`);
  rmSync(`${directory}.old`, { recursive: true });
  fill(directory, version);
}
