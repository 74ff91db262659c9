import { realpath, stat } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { errno } from "../errors.ts";
import { classify } from "./classify.ts";
import type { Classification, HasSibling, NestedScope } from "./classify.ts";
import type { ConfigFacts } from "./config.ts";
import type { Problem } from "./config-tree.ts";
import type { Instance } from "./find-instance.ts";
import { rootCandidates } from "./root-candidates.ts";
import type { Candidate, RootKind } from "./root-candidates.ts";
import type { Component, Scope } from "./rules.ts";
import { isWithin } from "./user-paths.ts";
import type { Surroundings } from "./user-paths.ts";

/** A tree, or a single file, that belongs to an instance. No root lies within another. */
export interface Root {
  kind: RootKind;
  /** Absolute, as it was named first; a part of it may be a symbolic link. */
  path: string;
  /** Where its bytes are. The same as `path` where no link is on the way. */
  realPath: string;
  /** Other names that lead to the same place. */
  alsoNamed: string[];
  isDirectory: boolean;
  component: Component;
  secret: boolean;
  agentId?: string;
  /** Which part of the state directory it is that lies elsewhere, such as `agents`. */
  statePath?: string;
  /** Why it belongs to the instance: one clause. */
  why: string;
  /** What lies inside of it and is named all the same. */
  nested: NestedScope[];
}

export interface Roots {
  /** What is to be walked. The state directory comes first. */
  roots: Root[];
  /** What is named but not there, cannot be reached, or is too wide to be taken whole. */
  problems: Problem[];
}

/**
 * What OpenClaw itself makes in a workspace (docs/concepts/agent-workspace.md of its package).
 * When somebody's home directory is the workspace, these are taken from it and nothing else.
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

/** Where everything lies that a backup of the instance takes, inside its state and outside. */
export async function resolveRoots(
  instance: Instance,
  config: ConfigFacts,
  surroundings: Surroundings,
): Promise<Roots> {
  const problems: Problem[] = [];
  const located: Located[] = [];
  for (const candidate of await rootCandidates(instance, config, surroundings)) {
    const place = await locate(candidate, instance, problems);
    if (place === undefined) continue;
    if (!(await isTooWide(place, instance, surroundings))) located.push(place);
    else located.push(...(await narrowed(place, instance, problems)));
  }
  return { roots: withoutNested(located), problems };
}

/** What tells what lies below a root; a manifest keeps it. */
export type ClassifiedRoot = Pick<Root, "kind" | "component" | "secret" | "nested" | "statePath">;

/** Says what a path below a root is, relative to its `realPath`; see `classify`. */
export function classifyIn(
  root: ClassifiedRoot,
  path: string,
  isDirectory: boolean,
  hasSibling?: HasSibling,
): Classification {
  if (root.statePath !== undefined) {
    return classify("state", `${root.statePath}/${path}`, isDirectory, hasSibling);
  }
  const scope = scopeOf(root.kind);
  if (scope !== undefined) return classify(scope, path, isDirectory, hasSibling, root.nested);
  const { component, secret } = root;
  return { component, secret, pain: "irreplaceable", leaveOut: undefined };
}

interface Located extends Candidate {
  realPath: string;
  isDirectory: boolean;
}

async function locate(
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
    const expected = candidate.optional || inside;
    if (missing && expected) return undefined;
    const what = missing ? "there is nothing" : `it cannot be reached (${code})`;
    if (problems.some((problem) => problem.path === path)) return undefined;
    problems.push({ path, message: `Unresolved reference: ${what} (${candidate.why}).` });
    return undefined;
  }
}

/** The root of the file system, a home, and whatever holds one or the state directory. */
async function isTooWide(
  { kind, realPath, isDirectory }: Located,
  instance: Instance,
  surroundings: Surroundings,
): Promise<boolean> {
  if (kind === "state" || !isDirectory || realPath === instance.realStateDir) return false;
  const homes = await Promise.all(
    [instance.home, surroundings.home].map((home) => realpath(home).catch(() => home)),
  );
  return [instance.realStateDir, ...homes].some((inner) => isWithin(inner, realPath));
}

async function narrowed(
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

function withoutNested(located: readonly Located[]): Root[] {
  const roots: Root[] = [];
  // Outer ones first; among names of one place the first stays.
  const depth = ({ kind, realPath }: Located) => (kind === "state" ? 0 : realPath.length);
  for (const { optional: _, ...place } of located.toSorted((a, b) => depth(a) - depth(b))) {
    const outer = roots.find((root) => isWithin(place.realPath, root.realPath));
    if (outer === undefined) {
      roots.push({ ...place, alsoNamed: [], nested: [] });
    } else if (outer.realPath === place.realPath) {
      if (![outer.path, ...outer.alsoNamed].includes(place.path)) outer.alsoNamed.push(place.path);
    } else {
      const { component, secret } = place;
      const path = relative(outer.realPath, place.realPath).split(sep).join("/");
      if (outer.nested.some((inner) => inner.path === path)) continue;
      outer.nested.push({ path, scope: scopeOf(place.kind), component, secret });
    }
  }
  return roots;
}

function scopeOf(kind: RootKind): Scope | undefined {
  return kind === "state" || kind === "workspace" || kind === "agentDir" ? kind : undefined;
}
