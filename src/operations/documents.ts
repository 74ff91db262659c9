import type { Channel } from "../openclaw/configured-channels.ts";
import type { HostedMemory } from "../openclaw/hosted-memory.ts";
import type { MappingReport } from "../openclaw/mapping/report.ts";

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
  /** Was damaged already at the source, and was taken as it is. */
  damaged: DamagedSource[];
  /** Worth knowing, and nothing is wrong. */
  notes: string[];
  warnings: string[];
  /** How long the gateway was stopped for it, in seconds; null when it was not. */
  downtime: number | null;
  duration: number;
}

export interface DamagedSource extends PathProblem {
  /** The instance cannot do without it: exit code 3. Otherwise a line or two of many are lost. */
  serious: boolean;
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
  /** What SQLite's own check said; null when it did not look. */
  sound: boolean | null;
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
  /** A name; the commands expect the phrase, or the password, in a file of that name beside them. */
  passwordFile: string;
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
    /** Of the release that wrote the state last; else of the installed one. */
    version: string | null;
    /** Of the program on the PATH. */
    installed: string | null;
    /** Null: cannot be told. */
    running: boolean | null;
  };
  /** As a backup's: the same files and bytes. Largest first. */
  components: InspectedComponent[];
  /** What there is, in numbers that the manifest of a backup repeats. */
  counts: Record<string, number>;
  /** The components again, by the places they lie in. */
  items: InstanceItem[];
  channels: Channel[];
  databases: InspectedDatabase[];
  /** What lies outside of the state directory. */
  outside: OutsidePlace[];
  excluded: Exclusion[];
  /** What belongs to it and could not be taken. */
  errors: PathProblem[];
  risks: Risk[];
  /** Memory that no backup of this machine holds. */
  notProtected: HostedMemory[];
  /** The errors as sentences, and what is odd about databases. */
  warnings: string[];
}

export interface InspectedComponent extends ComponentSize {
  /** The worst that the loss of something in it would mean. */
  loss: string;
  /** Something in it is secret. */
  secret: boolean;
  /** Further components that lie in its databases, as rows. */
  holds: string[];
  /** What the sum is made of. */
  parts: ComponentPart[];
}

export interface ComponentPart {
  loss: string;
  secret: boolean;
  files: number;
  bytes: number;
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
  /** Of no use on another machine. */
  machineBound: boolean;
}

export interface InspectedDatabase {
  path: string;
  /** Of the image in a snapshot. */
  bytes: number;
  /** Null: its rows were not counted. */
  rows: {
    sessions: number;
    transcriptEntries: number;
    cronJobs: number;
    memories: number;
  } | null;
  /** Components that lie in it, as rows. */
  holds: string[];
  /** It ought to hold something and is empty: a sentence. */
  empty: string | null;
  damaged: boolean;
  /** What is odd about it, in sentences. */
  problems: string[];
}

export interface OutsidePlace {
  kind: string;
  path: string;
  /** Where its bytes are, if a link leads there. */
  realPath: string;
  /** Why it belongs to the instance: one clause. */
  why: string;
  files: number;
  bytes: number;
}

/** Something that would make the worst day worse. */
export interface Risk {
  /** Stays the same for ever. */
  code: RiskCode;
  message: string;
  /** What to do about it. */
  hint: string;
  paths?: string[];
}

type RiskCode =
  | "no-repository"
  | "same-disk"
  | "repository-inside"
  | "secrets-readable"
  | "as-root"
  | "empty-database"
  | "damaged-database"
  | "malformed-config"
  | "no-openclaw"
  | "other-version"
  | "other-instances";

export interface SnapshotDocument extends SnapshotRef {
  hostname: string;
  paths: string[];
  tags: string[];
  components: string[];
  /** Empty: not limited to some agents. */
  agents: string[];
  complete: boolean;
  bytes: number;
  /** What the newest drill of it came to; null: there was none. */
  proof: Proof | null;
}

/** That somebody has tried whether a snapshot can be restored, and what came of it. */
export interface Proof {
  verdict: Verdict;
  /** How far that drill went. */
  level: DrillLevel;
  time: string;
  /** The machine it was done on. */
  host: string;
}

/** How far a drill goes. Each level holds all of those before it. */
export const DRILL_LEVELS = ["structure", "content", "application", "boot"] as const;

export type DrillLevel = (typeof DRILL_LEVELS)[number];

/**
 * `proven`: all that was to be looked at was looked at, and nothing is wrong. `partly proven`:
 * nothing is wrong that was looked at, and `reasons` say what was not. `failed`: something is wrong.
 */
export type Verdict = "proven" | "partly proven" | "failed";

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
  /** What that rewrote; with `--map` only. */
  mapping?: MappingReport;
  errors: PathProblem[];
  /** Worth knowing, and nothing is wrong. */
  notes: string[];
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
