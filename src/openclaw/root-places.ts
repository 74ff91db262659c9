import { realpath, stat } from "node:fs/promises";
import { join } from "node:path";
import { errno } from "../errors.ts";
import type { Problem } from "./config-tree.ts";
import type { Instance } from "./find-instance.ts";
import type { Candidate } from "./root-candidates.ts";
import { isWithin } from "./user-paths.ts";
import type { Surroundings } from "./user-paths.ts";

/** A candidate that is there. */
export interface Located extends Candidate {
  realPath: string;
  isDirectory: boolean;
}

/**
 * What OpenClaw itself makes in a workspace (docs/concepts/agent-workspace.md of its package).
 * Taken alone where a workspace is as wide as somebody's home.
 */
const WORKSPACE_ENTRIES = [
  "AGENTS.md",
  "SOUL.md",
  "USER.md",
  "IDENTITY.md",
  "TOOLS.md",
  "HEARTBEAT.md",
  "BOOT.md",
  "BOOTSTRAP.md",
  "MEMORY.md",
  "memory.md",
  "DREAMS.md",
  "memory",
  "skills",
  "canvas",
  ".openclaw/workspace-state.json",
];

/** Looks where a candidate's bytes are. What is amiss is added to the problems. */
export async function locate(
  candidate: Candidate,
  instance: Instance,
  problems: Problem[],
): Promise<Located | undefined> {
  const { path } = candidate;
  try {
    const realPath = await realpath(path);
    return { ...candidate, realPath, isDirectory: (await stat(realPath)).isDirectory() };
  } catch (error) {
    const code = errno(error);
    const missing = code === "ENOENT" || code === "ENOTDIR";
    // An agent that never ran has no directory yet; outside, a disk may be unmounted.
    const inside = candidate.kind !== "secret" && isWithin(path, instance.stateDir);
    const expected = candidate.optional || inside || (await isToCome(candidate, instance));
    if (missing && expected) return undefined;
    const what = missing ? "there is nothing" : `it cannot be reached (${code})`;
    if (problems.some((problem) => problem.path === path)) return undefined;
    problems.push({ path, message: `Unresolved reference: ${what} (${candidate.why}).` });
    return undefined;
  }
}

/** OpenClaw makes an agent's own directory late, and keeps its sessions in the state directory meanwhile. */
async function isToCome({ kind, agentId }: Candidate, { stateDir }: Instance): Promise<boolean> {
  if (kind !== "agentDir" || agentId === undefined) return false;
  return stat(join(stateDir, "agents", agentId, "agent")).then(
    () => true,
    () => false,
  );
}

/** The root of the file system, a home, and whatever holds one or the state directory. */
export async function isTooWide(
  realPath: string,
  instance: Instance,
  surroundings: Surroundings,
): Promise<boolean> {
  const homes = await Promise.all(
    [instance.home, surroundings.home].map((home) => realpath(home).catch(() => home)),
  );
  return [instance.realStateDir, ...homes].some((inner) => isWithin(inner, realPath));
}

/** What is taken of a place that is too wide to be taken whole. */
export async function narrowed(
  place: Located,
  instance: Instance,
  problems: Problem[],
): Promise<Located[]> {
  const { path, why } = place;
  const taken: Located[] = [];
  for (const name of place.kind === "workspace" ? WORKSPACE_ENTRIES : []) {
    const entry = { ...place, path: join(path, name), optional: true };
    const found = await locate(entry, instance, problems);
    if (found !== undefined) taken.push(found);
  }
  const rest = taken.length === 0 ? "It is skipped" : "Only OpenClaw's own files in it are taken";
  const message = `Unresolved reference: too wide to be taken whole (${why}). ${rest}.`;
  problems.push({ path, message });
  return taken;
}
