import type { ChannelVerdict } from "../../openclaw/portability/verdict.ts";
import type { SnapshotRef } from "../documents.ts";

/** What `clawback sessions` found; see `docs/scripting.md`. */
export interface SessionsDocument {
  /** Null: the live instance was looked at. */
  snapshot: SnapshotRef | null;
  /** Whose sessions these are. */
  instance: { stateDir: string; hostname: string };
  channels: SessionVerdict[];
  /** Worth knowing, and nothing is wrong. */
  notes: string[];
  warnings: string[];
}

export interface SessionVerdict extends ChannelVerdict {
  /** What its service said of it, with `--online`; null: it was not asked. */
  online: { accepted: boolean | null; said: string } | null;
}
