import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  renameSync,
  rmSync,
  type Stats,
  utimesSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { BARRED_CONFIG } from "../../openclaw/barred-config.ts";
import type { Replacement } from "../../transaction/replacement.ts";
import type { Transaction } from "../../transaction/transaction.ts";
import type { Built } from "./build.ts";
import type { Swap } from "./merge.ts";
import { nameThenOf, pathOf } from "./swaps.ts";

/**
 * What the transaction is to exchange: makes room in the new trees for what comes along, and moves
 * what was built to where the transaction wants it.
 *
 * @param configPath of the instance here; while trees are exchanged one that nobody can start with
 *   stands there
 */
export async function replacementsOf(
  transaction: Transaction,
  built: Built,
  swaps: readonly Swap[],
  configPath: string | undefined,
): Promise<Replacement[]> {
  const replacements: Replacement[] = [];
  for (const swap of swaps) {
    const live = pathOf(swap);
    const { directory, how } = await transaction.stage(live, swap.place.live);
    const staged = swap.isInSnapshot
      ? moved(built.at(nameThenOf(swap)), directory, swap)
      : undefined;
    if (staged !== undefined) for (const each of swap.carry) makeWayFor(each, live, staged);
    const barred = configPath === undefined ? undefined : barFor(swap, live, configPath);
    replacements.push({ live, staged, carry: swap.carry, how, ...(barred && { barred }) });
  }
  return replacements;
}

/** Into the directory that belongs to this swap: on the same file system. */
function moved(staged: string, directory: string, swap: Swap): string {
  if (staged.startsWith(`${directory}/`)) return staged;
  const to = join(directory, nameThenOf(swap));
  mkdirSync(dirname(to), { recursive: true, mode: 0o700 });
  renameSync(staged, to);
  return to;
}

/** The directories that lead to what comes along, as they are in the old tree. */
function makeWayFor(relative: string, live: string, staged: string): void {
  const parts = relative.split("/");
  const made: { path: Buffer; like: Stats }[] = [];
  for (const [i] of parts.slice(1).entries()) {
    const way = parts.slice(0, i + 1).join("/");
    const path = below(staged, way);
    if (isThere(path)) continue;
    mkdirSync(path, { mode: 0o700 });
    made.push({ path, like: lstatSync(below(live, way)) });
  }
  for (const { path, like } of made.reverse()) {
    if (process.getuid?.() === 0) chownSync(path, like.uid, like.gid);
    chmodSync(path, like.mode & 0o7777);
    utimesSync(path, like.atime, like.mtime);
  }
  rmSync(below(staged, relative), { recursive: true, force: true });
}

function barFor({ carry }: Swap, live: string, configPath: string): Replacement["barred"] {
  if (configPath === live) return { name: basename(live), content: BARRED_CONFIG };
  const name = basename(configPath);
  if (dirname(configPath) !== live || carry.includes(Buffer.from(name).toString("latin1"))) {
    return undefined;
  }
  return isThere(Buffer.from(configPath)) ? { name, content: BARRED_CONFIG } : undefined;
}

function below(directory: string, relative: string): Buffer {
  return Buffer.concat([Buffer.from(`${directory}/`), Buffer.from(relative, "latin1")]);
}

function isThere(path: Buffer): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}
