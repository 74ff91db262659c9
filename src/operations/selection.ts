import { SIDECAR_SUFFIXES } from "../capture/database.ts";
import type { Classification } from "../openclaw/classify.ts";
import type { Component } from "../openclaw/rules.ts";
import { type Candidate, OUT_OF_SCOPE, type Selector } from "../snapshot/walker.ts";
import { isDatabaseFile } from "./database-header.ts";
import { Exclusions } from "./exclusions.ts";
import type { Excludes } from "./given-patterns.ts";
import { agentAt, classifyAt, type Located, type RootIndex } from "./root-index.ts";
import { SharedDatabases } from "./shared-databases.ts";

/** What a person wants to be taken or restored. */
export interface Wanted {
  /** Empty: all. */
  components: readonly Component[];
  /** Ids of agents: only what is theirs. Empty: everything. */
  agents: readonly string[];
}

export const EVERYTHING: Wanted = { components: [], agents: [] };

export interface Selection {
  select: Selector;
  /** What was taken although it is excluded, and what could not be applied. Complete after a walk. */
  warnings(): string[];
  /** What else came along with the components asked for. Complete after a walk. */
  notes(): string[];
}

const SIDECAR_REASON = "contained in its database's image";

/**
 * What a backup takes of these roots: of what is wanted all that neither the rules nor a person
 * leave out. A backup, its dry run and `inspect` all go by this.
 */
export function selectionOf(
  roots: RootIndex,
  { exclude, ...wanted }: Wanted & { exclude: Excludes },
): Selection {
  const exclusions = new Exclusions(roots.roots, exclude);
  const shared = new SharedDatabases(wanted.components);
  const select: Selector = (candidate) => {
    const { path, stat, siblings } = candidate;
    const located = roots.locate(path.toString());
    if (located === undefined) return undefined;
    const isDirectory = stat.isDirectory();
    const hasSibling = (name: string) => siblings.has(Buffer.from(name).toString("latin1"));
    const found = classifyAt(located, isDirectory, hasSibling);
    if (!isWanted(wanted, located, found, isDirectory)) return OUT_OF_SCOPE;
    const database = databaseOf(candidate);
    const entry = { root: located.root, path: relativePath(located, database ?? path), found };
    const reason = exclusions.judge({ ...entry, isDirectory });
    if (database !== undefined) return reason ?? SIDECAR_REASON;
    if (reason === undefined && !isDirectory) shared.add(located, found);
    return reason;
  };
  return {
    select,
    warnings: () => exclusions.warnings(),
    notes: () => shared.notes("taken"),
  };
}

/** A directory is, unless it is another agent's: something wanted may lie below it. */
export function isWanted(
  { components, agents }: Wanted,
  located: Located,
  { component, holds }: Pick<Classification, "component" | "holds">,
  isDirectory: boolean,
): boolean {
  if (agents.length > 0) {
    const agent = agentAt(located);
    const isTheirs = agent !== undefined && agents.includes(agent);
    if (!isDirectory && !isTheirs) return false;
    if (agent !== undefined && !isTheirs && !leadsElsewhere(located)) return false;
  }
  if (isDirectory || components.length === 0) return true;
  return [component, ...holds].some((each) => components.includes(each));
}

/** One agent's directory may hold another's, where the configuration says so. */
function leadsElsewhere({ root, relative }: Located): boolean {
  return root.nested.some(({ path }) => relative === "" || path.startsWith(`${relative}/`));
}

/** Relative to the root's top, as latin1. */
function relativePath({ root, relative }: Located, path: Buffer): string {
  if (relative === "") return "";
  return path.toString("latin1", Buffer.byteLength(root.realPath) + 1);
}

/** The database that this is a log, a journal or the shared memory of. */
function databaseOf({ path, name, stat, siblings }: Candidate): Buffer | undefined {
  if (!stat.isFile()) return undefined;
  const text = name.toString("latin1");
  const suffix = SIDECAR_SUFFIXES.find((each) => text.endsWith(each));
  if (suffix === undefined || !siblings.has(text.slice(0, -suffix.length))) return undefined;
  const database = path.subarray(0, path.length - suffix.length);
  // What cannot be read is no database: then the sidecar is taken as the file it is.
  return isDatabaseFile(database) ? database : undefined;
}
