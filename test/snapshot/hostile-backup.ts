/**
 * Backs a directory up into a repository and prints what was reported, and the memory it took: a
 * program of its own, so that nothing else is measured. `node hostile-backup.ts <directory> <repository>`.
 */
import { existsSync } from "node:fs";
import { Repository } from "../../src/repository/repository.ts";
import { LocalStorage } from "../../src/storage/local.ts";
import { backUp, PASSWORD } from "../support/archives.ts";
import type { HostileTree } from "./hostile-tree.ts";

export interface HostileBackup extends Pick<
  HostileTree,
  "directories" | "links" | "leftOut" | "failures"
> {
  files: { new: number; changed: number; unchanged: number };
  bytesScanned: number;
  /** Paths as latin1, from the root of what was backed up on. */
  changedWhileRead: string[];
  vanished: string[];
  seconds: number;
  /** The most memory that the process ever had, in MiB. */
  peak: number;
}

const [, , root, location] = process.argv as [string, string, string, string];
const storage = new LocalStorage(location);
const repository = existsSync(location)
  ? await Repository.open(storage, [PASSWORD])
  : await Repository.init(storage, PASSWORD);
const begun = performance.now();
const result = await backUp(repository, root, { now: new Date(Date.now() + 60_000) });
const name = (path: Buffer) => path.subarray(Buffer.byteLength(root) + 1).toString("latin1");
const said: HostileBackup = {
  files: result.files,
  // Those that lead to the root, and the root, are not the tree's.
  directories: result.directories - root.split("/").filter(Boolean).length,
  links: result.links,
  bytesScanned: result.bytesScanned,
  leftOut: result.leftOut.map(({ path, reason }) => ({ path: name(path), reason })),
  failures: result.failures.map(({ path, code = "" }) => ({ path: name(path), code })),
  changedWhileRead: result.changedWhileRead.map(name),
  vanished: result.vanished.map(name),
  seconds: (performance.now() - begun) / 1000,
  peak: process.resourceUsage().maxRSS / 1024,
};
process.stdout.write(JSON.stringify(said));
