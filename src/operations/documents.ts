import type { Channel } from "../openclaw/configured-channels.ts";

/**
 * The `--json` documents, version 1, as `docs/scripting.md` promises them to scripts. Operations
 * return results that fit; a field may be added here, none may change or go without a new version.
 * Sizes are bytes, durations seconds, times RFC 3339 in UTC.
 */

export interface SnapshotRef {
  id: string;
  /** The first eight digits. */
  shortId: string;
  time: string;
}

export interface BackupDocument {
  /** Null after a dry run. */
  snapshot: (SnapshotRef & { complete: boolean }) | null;
  files: { new: number; changed: number; unchanged: number };
  /** scanned: looked at; added: new after deduplication; stored: what that took, compressed. */
  bytes: { scanned: number; added: number; stored: number };
  components: ComponentSize[];
  databases: DatabaseCapture[];
  /** Left out by the rules. */
  excluded: Exclusion[];
  /** Should have been taken and was not: with one of these the snapshot is not complete. */
  errors: PathProblem[];
  warnings: string[];
  duration: number;
}

export interface ComponentSize {
  component: string;
  files: number;
  bytes: number;
}

export interface DatabaseCapture {
  path: string;
  consistent: boolean;
  pages: number;
  tables: number;
}

export interface Exclusion {
  path: string;
  reason: string;
  files: number;
  bytes: number;
}

export interface PathProblem {
  path: string;
  message: string;
}

/** What a person needs on paper on the worst day. */
export interface RecoveryKit {
  /** The 0600 file on this machine that holds the phrase; null when the repository has a password of the user's own. */
  phraseFile: string | null;
  /** Never in `--json` output or logs unless asked for. */
  phrase: string | null;
  location: string;
  repositoryId: string;
  /** Where the copy of the program lies; null when there is none. */
  program: string | null;
  /** To be typed on a new machine: first with restic alone, then with Clawback. */
  commands: string[];
}

export interface InitDocument {
  instance: { stateDir: string };
  repository: { location: string; id: string };
  /** Null with `--no-backup`. */
  snapshot: { id: string } | null;
  /** The first backup in full; null with `--no-backup`. */
  backup: BackupDocument | null;
  /** The reading back of that backup; null with `--no-backup`. */
  readBack: CheckDocument | null;
  recoveryKit: RecoveryKit;
  warnings: string[];
}

export interface InspectDocument {
  instance: {
    stateDir: string;
    configFile: string | null;
    version: string | null;
    /** Null: cannot be told. */
    running: boolean | null;
  };
  items: InstanceItem[];
  channels: Channel[];
  excluded: Exclusion[];
  warnings: string[];
}

export interface InstanceItem {
  component: string;
  path: string;
  files: number;
  bytes: number;
  /** What its loss would mean. */
  loss: string;
  secret: boolean;
  rebuildable: boolean;
}

export interface SnapshotDocument extends SnapshotRef {
  hostname: string;
  paths: string[];
  tags: string[];
  components: string[];
  complete: boolean;
  bytes: number;
}

export interface EntryDocument {
  path: string;
  type: string;
  /** As `ls -l` writes it: "-rw-------". */
  mode: string;
  size: number;
  mtime: string;
  linkTarget?: string;
}

export interface LsDocument {
  snapshot: SnapshotRef;
  entries: EntryDocument[];
}

export interface FindDocument {
  matches: { snapshot: SnapshotRef; entries: EntryDocument[] }[];
}

export interface CatDocument {
  snapshot: SnapshotRef;
  path: string;
  size: number;
  /** Base64. */
  content: string;
}

export interface DiffDocument {
  from: SnapshotRef;
  to: SnapshotRef;
  changes: {
    path: string;
    /** "metadata": the content is the same, mode, owner or time are not. */
    change: "added" | "removed" | "changed" | "type" | "metadata";
    /** What the file's size grew by. */
    bytes: number;
  }[];
}

export interface CheckDocument {
  ok: boolean;
  errors: string[];
  snapshots: number;
  packs: number;
  blobs: number;
  /** Packs that no index names: a run that was cut off left them, or one under way elsewhere. No damage. */
  unnamedPacks: number;
  bytesRead: number;
  duration: number;
}

export interface RestoreDocument {
  snapshot: SnapshotRef;
  dryRun: boolean;
  target: string;
  files: number;
  bytes: number;
  /** True when every chunk of every file was proven by its hash on the way. */
  verified: boolean;
  /** The repository is damaged: some of the errors are lost data. */
  damaged: boolean;
  mapped: { from: string; to: string }[];
  errors: PathProblem[];
  warnings: string[];
  duration: number;
}

export interface KeyDocument {
  id: string;
  shortId: string;
  current: boolean;
  username: string;
  hostname: string;
  created: string;
}

export interface DemoDocument {
  ok: boolean;
  steps: { name: string; ok: boolean; evidence: string; duration: number }[];
  duration: number;
}
