import type { ChannelVerdict } from "../../openclaw/portability/verdict.ts";
import type { DrillLevel, SnapshotRef, Verdict } from "../documents.ts";

export interface DrillCheck {
  /** Stays the same for ever. */
  name: string;
  level: DrillLevel;
  /** Null: it could not be looked at; why is in `evidence`. */
  ok: boolean | null;
  /** What was seen, in one sentence. */
  evidence: string;
  /** Each thing that is wrong or could not be looked at, where there are several. */
  details: string[];
}

export interface DrillDocument {
  /** False when the verdict is `failed`. */
  ok: boolean;
  verdict: Verdict;
  /** The last level that was gone through to its end. */
  level: DrillLevel;
  /** The level that was asked for. */
  wanted: DrillLevel;
  snapshot: SnapshotRef;
  checks: DrillCheck[];
  /** Why the verdict is not `proven`, a sentence each. */
  reasons: string[];
  /** What becomes of each messaging channel when this snapshot is restored. */
  channels: ChannelVerdict[];
  /** Seconds. */
  duration: number;
  /** The record of this verdict in the repository; null when it could not be written. */
  record: { id: string } | null;
}
