import type { PathMapping } from "../../openclaw/mapping/map-path.ts";
import type { SessionsMode } from "../../openclaw/portability/compare-sessions.ts";
import type { WantedParts } from "../restore-selection.ts";

/** What a person asks of a restore in place. */
export interface InPlaceOptions extends WantedParts {
  /** `latest`, an id or its beginning, or a moment. */
  snapshot: string | Date;
  /** Given by hand; they overrule the automatic ones. */
  mappings: readonly PathMapping[];
  /** Map this snapshot's home and state directory to those here. */
  automaticMapping: boolean;
  /** Rewrite what is words too: Markdown, transcripts. */
  rewriteWords: boolean;
  /** Undefined: live, unless it is gone or damaged. */
  sessions: SessionsMode | undefined;
  newIdentity: boolean;
  /** `user[:group]`, names or numbers; undefined: as the snapshot has them, if we may. */
  owner: string | undefined;
  /** Start the gateway again, if it ran. */
  start: boolean;
  safetySnapshot: boolean;
  /** Put back the unit that starts the gateway, also from another machine. */
  services: boolean;
  /** Run the commands that install missing plugins. */
  installPlugins: boolean;
}
