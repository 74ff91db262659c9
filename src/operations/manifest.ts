import type { DatabaseFacts, DatabaseSignature, Verification } from "../capture/database.ts";
import { hasCode } from "../errors.ts";
import type { Repository } from "../repository/repository.ts";
import { readFileBytes } from "../snapshot/read-file.ts";
import { findEntry } from "../snapshot/tree-walker.ts";
import { refuseStrangePlaces } from "./manifest-places.ts";
import type { Channel } from "../openclaw/configured-channels.ts";
import type { ComponentSize, DamagedSource, Exclusion, PathProblem } from "./documents.ts";
import type { KnownRoot } from "./root-index.ts";
import type { SnapshotDigest } from "./snapshot-digest.ts";

/** Where the manifest lies in every snapshot of ours. */
export const MANIFEST_DIRECTORY = ".clawback";
export const MANIFEST_NAME = "manifest.json";

/** What a snapshot holds and what it does not: every later proof is against this. */
export interface Manifest {
  /** Of this document: 1. */
  version: 1;
  program: string;
  created: string;
  instance: {
    name: string;
    stateDir: string;
    configPath: string | null;
    openclaw: { installed: string | null; recorded: string | null };
    hostname: string;
    home: string;
  };
  /** False: something that belongs to it could not be taken; see `errors`. */
  complete: boolean;
  /** The components that were asked for; all of them unless some were named. */
  scope: string[] | "all";
  /** The agents that were asked for; null: all, and what belongs to none. */
  agents: string[] | null;
  /** When databases and configuration were taken; null in manifests of versions that did not say. */
  moment: CaptureMoment | null;
  /** Everything that was taken, by the place it was taken from. */
  roots: KnownRoot[];
  components: ComponentSize[];
  databases: ManifestDatabase[];
  counts: Record<string, number>;
  channels: Channel[];
  excluded: Exclusion[];
  /** The patterns of the settings and of the command line; Clawback 0.1 kept none. */
  excludes?: { settings: string[]; flags: string[] };
  errors: PathProblem[];
  /** Was damaged already when it was taken; it is in the snapshot as it was found. */
  damaged: DamagedSource[];
  /** Paths that were gone when they were to be read. */
  vanished: string[];
  /** Paths that changed while they were read, and were taken as the prefix that was there at first. */
  changedWhileRead: string[];
  /** What nobody can change in the snapshot and leave this as it is; Clawback 0.1 kept none. */
  digest?: SnapshotDigest;
}

/** The moment that the databases of a snapshot are of. */
export interface CaptureMoment {
  /** RFC 3339, UTC. */
  time: string;
  /** How many databases are of this moment. */
  databases: number;
  /** How far apart two of them may be, in milliseconds. */
  windowMs: number;
  /** The configuration was the same before and after. */
  configurationRested: boolean;
  /** Databases that were taken later, alone, and why. */
  outside: PathProblem[];
}

export interface ManifestDatabase {
  path: string;
  /** Bytes of the image. */
  size: number;
  pageSize: number;
  pages: number;
  method: string;
  consistent: boolean;
  reason?: string;
  walFrames: number;
  /** Null: SQLite could not read it. */
  facts: DatabaseFacts | null;
  problems: string[];
  /** What SQLite's own check said of this image. */
  verification: Verification;
  /** What the files looked like: for telling, next time, whether anything was written since. */
  signature: DatabaseSignature;
}

/**
 * The manifest of a snapshot; undefined when it has none (restic made it) or it cannot be read.
 * @throws E_DAMAGED when it names places that no backup names
 */
export async function readManifest(
  repository: Repository,
  tree: string,
): Promise<Manifest | undefined> {
  const manifest = await storedManifest(repository, tree);
  if (manifest !== undefined) await refuseStrangePlaces(repository, tree, manifest);
  return manifest;
}

async function storedManifest(repository: Repository, tree: string): Promise<Manifest | undefined> {
  const path = Buffer.from(`/${MANIFEST_DIRECTORY}/${MANIFEST_NAME}`);
  try {
    const entry = await findEntry(repository, tree, path);
    if (entry?.node.type !== "file") return undefined;
    const parts: Uint8Array[] = [];
    for await (const part of readFileBytes(repository, entry.node)) parts.push(part);
    return manifestIn(JSON.parse(Buffer.concat(parts).toString("utf8")));
  } catch (error) {
    if (error instanceof SyntaxError || hasCode(error, "E_DAMAGED")) return undefined;
    throw error;
  }
}

/** What everybody who reads one counts on; Clawback 0.1 did not know the others. */
const LISTS = ["roots", "components", "databases", "channels", "excluded", "errors"] as const;

function manifestIn(value: unknown): Manifest | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const given = value as Partial<Manifest>;
  const isWhole =
    given.version === 1 &&
    typeof given.instance?.stateDir === "string" &&
    typeof given.instance.home === "string" &&
    typeof given.instance.openclaw === "object" &&
    typeof given.counts === "object" &&
    LISTS.every((name) => Array.isArray(given[name]));
  if (!isWhole) return undefined;
  const later = { agents: null, moment: null, damaged: [], vanished: [], changedWhileRead: [] };
  return { ...later, ...given } as Manifest;
}
