import type { MappingReport } from "../../openclaw/mapping/report.ts";
import type { SessionChoice } from "../../openclaw/portability/compare-sessions.ts";
import type { MissingPlugin } from "../../openclaw/revival/missing-plugins.ts";
import type { RevivalReport } from "../../openclaw/revival/report.ts";
import type { SnapshotRef } from "../documents.ts";
import type { Changes } from "./changes.ts";

/** What a restore in place does, or did: `clawback restore --in-place`. */
export interface InPlaceDocument {
  snapshot: SnapshotRef;
  dryRun: boolean;
  /** Where it goes. */
  target: string;
  /** Nothing was there. */
  isNew: boolean;
  /** The trees and files that are exchanged: `whole`, or entry by entry. */
  places: { from: string; to: string; entries: number; kept: string[] }[];
  changes: Changes;
  /** Files and bytes that come from the snapshot. */
  files: number;
  bytes: number;
  mapped: { from: string; to: string; automatic: boolean }[];
  /** Null: nothing moves, or it was not looked at. */
  mapping: MappingReport | null;
  sessions: SessionChoice[];
  /** Null: none runs. */
  gateway: { what: string; notes: string[] } | null;
  room: { path: string; needed: number; free: number }[];
  /** Of the files, as they are given; null: as the snapshot has them, or this user's. */
  owner: string | null;
  revival: RevivalReport | null;
  /** Their code is not in the snapshot, nor here. */
  plugins: (Pick<MissingPlugin, "id" | "spec" | "command"> & { installed: boolean | null })[];
  /** What was there before, as a snapshot. */
  safetySnapshot: SnapshotRef | null;
  undo: UndoCost;
  /** Seconds that the gateway was away; null: it was not running, or was not started again. */
  downtime: number | null;
  verified: boolean;
  notes: string[];
  warnings: string[];
  duration: number;
}

interface UndoCost {
  /** Bytes of the old trees that are kept for it. */
  bytes: number;
  /** Until when, in a person's words. */
  kept: string;
}

/** `clawback undo`. */
export interface UndoDocument {
  /** The restore that was taken back, or discarded. */
  restored: SnapshotRef;
  /** When it was done. */
  since: string;
  places: string[];
  /** It put back what an undo had taken away. */
  isRedo: boolean;
  dryRun: boolean;
  discarded: boolean;
  undo: UndoCost;
  gateway: { what: string; notes: string[] } | null;
  downtime: number | null;
  notes: string[];
  warnings: string[];
  duration: number;
}

export const KEPT_UNTIL = "until the next restore in place, or `clawback undo --discard`";
