import { realpath, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { Instance } from "./find-instance.ts";
import { isTooWide } from "./root-places.ts";
import { isInstalled, isSystemPlace } from "./system-places.ts";
import type { Surroundings } from "./user-paths.ts";

/** A symbolic link that a walk has met, and what is written in it. */
export interface FoundLink {
  /** Absolute. */
  path: string;
  /** Absolute, or relative to the link's directory. */
  target: string;
}

/** Whether what a link leads to is taken as well. */
export type LinkVerdict =
  | { follow: true }
  /** No reason: it is as usual that it is taken as a link alone. */
  | { follow: false; reason: string | undefined };

/** Whether the target of a link is taken anyway, or is what a rule leaves out. */
export type TargetStatus = "outside" | "taken" | { leftOut: string };

/**
 * Whether a link that leaves what is taken leads to something that the agent needs. The system's
 * own files and what can be installed again are not: a virtual environment's `python`, a store of
 * packages.
 */
export async function outwardLink(
  { path, target }: FoundLink,
  instance: Instance,
  surroundings: Surroundings,
  statusOf: (realPath: string) => TargetStatus = () => "outside",
): Promise<LinkVerdict> {
  const stays = (reason?: string): LinkVerdict => ({ follow: false, reason });
  const named = resolve(dirname(path), target);
  const { home } = surroundings;
  if (isSystemPlace(named, home)) return stays();
  const real = await realpath(named).catch(() => undefined);
  const info = real === undefined ? undefined : await stat(real).catch(() => undefined);
  if (real === undefined || info === undefined) return stays("it leads nowhere");
  const status = statusOf(real);
  if (status === "taken" || isSystemPlace(real, home)) return stays();
  if (status !== "outside") return stays(`what it leads to is left out: ${status.leftOut}`);
  if (!info.isFile() && !info.isDirectory()) return stays();
  if (await isForeign(info.uid, instance)) return stays("what it leads to is another account's");
  if (info.isDirectory() && (await isTooWide(real, instance, surroundings))) {
    return stays("what it leads to is too wide to be taken whole");
  }
  if (isInstalled(named) || isInstalled(real)) {
    return stays("what it leads to was installed; installing brings it back");
  }
  return { follow: true };
}

/**
 * Root could take anything an agent makes a link to. What is neither the agent's nor root's own is
 * none of its business; where root is the agent's account, there is no telling.
 */
async function isForeign(uid: number, { realStateDir }: Instance): Promise<boolean> {
  if (process.geteuid?.() !== 0) return false;
  const { uid: owner } = await stat(realStateDir);
  return owner !== 0 && uid !== owner;
}
