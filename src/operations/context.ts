import type { Places } from "../config/places.ts";
import type { Settings } from "../config/settings.ts";
import type { Progress } from "../progress.ts";

/** What every operation is handed: choices already made, and the world outside. No terminal. */
export interface OperationContext {
  env: Readonly<Record<string, string | undefined>>;
  home: string;
  /** For what need not outlive the run: the system's directory for temporary files. */
  tempDir: string;
  now: () => Date;
  signal: AbortSignal;
  places: Places;
  settings: Settings;
  /** Where the repository is; may hold a URL's password. */
  location: string;
  /** Where this repository's phrase lies, or would lie. */
  phraseFile: string;
  /** Which OpenClaw instance; both undefined: look in the usual places. */
  instance: { stateDir?: string; profile?: string };
  /** How long to wait for another's lock, ms. */
  lockWaitMs: number;
  progress: Progress;
  /** Spellings of the repository's password, to be tried in order. */
  passwords: () => Promise<string[]>;
  /** A line for a person that is not the result. */
  warn: (message: string) => void;
}
