import type { Bar } from "../../gateway/bars.ts";
import type { GatewayNote } from "../../gateway/gateway-note.ts";
import type { TransactionAbout } from "../../transaction/replacement.ts";
import type { SnapshotRef } from "../documents.ts";

/** What the journal of a restore in place tells those who finish it. No secrets. */
export interface About {
  snapshot: SnapshotRef;
  /** Of the instance here. */
  stateDir: string;
  /** What is exchanged. */
  places: string[];
  /** What keeps the gateway from starting. */
  bars: Bar[];
  /** How it is started; null: none ran. */
  note: GatewayNote | null;
  /** It is to run again when this is over. */
  start: boolean;
}

/** Journals of another version may lack something. */
export function aboutOf(record: TransactionAbout): About {
  const about = record as Partial<About>;
  return {
    snapshot: about.snapshot ?? { id: "", shortId: "", time: "" },
    stateDir: about.stateDir ?? "",
    places: about.places ?? [],
    bars: about.bars ?? [],
    note: about.note ?? null,
    start: about.start ?? false,
  };
}
