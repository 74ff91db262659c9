import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  utimesSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { ClawbackError } from "../../errors.ts";
import { BARRED_CONFIG } from "../../openclaw/barred-config.ts";
import { isWithin } from "../../openclaw/user-paths.ts";
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
  const config = configPath === undefined ? undefined : realOrNone(configPath);
  const replacements: Replacement[] = [];
  for (const swap of swaps) {
    const live = pathOf(swap);
    const { directory, how } = await transaction.stage(live, swap.place.live);
    const staged = swap.isInSnapshot
      ? moved(built.at(nameThenOf(swap)), directory, swap)
      : undefined;
    if (staged !== undefined) for (const each of swap.carry) makeWayFor(each, live, staged);
    const barred = config === undefined ? undefined : barFor(live, config);
    replacements.push({ live, staged, carry: swap.carry, how, ...(barred && { barred }) });
  }
  const isApart = !replacements.some(({ live }) => config === undefined || isWithin(config, live));
  if (config === undefined || !isApart || replacements.length === 0) return replacements;
  return [...replacements, ...(await guardOf(transaction, config, swaps))];
}

/** The configuration stays, and another one stands in for it while the rest changes places. */
async function guardOf(
  transaction: Transaction,
  live: string,
  swaps: readonly Swap[],
): Promise<Replacement[]> {
  const place = swaps.find((swap) => isWithin(live, swap.place.live))?.place;
  try {
    const { how } = await transaction.stage(live, place?.live);
    const barred = { name: basename(live), content: BARRED_CONFIG };
    return [{ live, staged: undefined, carry: [""], how, barred }];
  } catch (error) {
    // Mounted, or in a directory that is not ours to write: the other bars must do.
    if (error instanceof ClawbackError && ["E_FAILED", "E_PERMISSION"].includes(error.code)) {
      return [];
    }
    throw error;
  }
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

function barFor(live: string, config: string): Replacement["barred"] {
  if (config !== live && dirname(config) !== live) return undefined;
  return { name: basename(config), content: BARRED_CONFIG };
}

/** Of a configuration that is a file, where it is. */
function realOrNone(path: string): string | undefined {
  try {
    const real = realpathSync(path);
    return lstatSync(real).isFile() ? real : undefined;
  } catch {
    return undefined;
  }
}

function below(directory: string, relative: string): Buffer {
  return Buffer.concat([Buffer.from(`${directory}/`), Buffer.from(relative, "latin1")]);
}

function isThere(path: Buffer): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}
