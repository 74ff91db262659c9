/**
 * What can go wrong, as codes that scripts may rely on. The exit code of each stands in
 * `src/cli/exit-codes.ts`; rooms below the terminal only name the code.
 */
export type ErrorCode =
  | "E_USAGE" // the words of the command are off
  | "E_FAILED" // anything that has no better name
  | "E_NO_INSTANCE" // no OpenClaw state found
  | "E_TARGET_NOT_EMPTY" // a restore would land among other files
  | "E_NO_SNAPSHOT" // unknown snapshot id, or none at all
  | "E_AMBIGUOUS_ID" // a prefix that names several things
  | "E_NOT_FOUND" // a path that the snapshot does not hold
  | "E_NO_SPACE" // the disk is full
  | "E_PERMISSION" // this user may not
  | "E_REPO_INSIDE_SOURCE" // the repository lies within what it is to protect
  | "E_REPO_EXISTS" // init on a repository that is already there
  | "E_NO_REPO" // nothing there
  | "E_REPO_FORMAT" // something is there, but it is not a repository we read
  | "E_REPO_LOCKED" // somebody else holds the lock
  | "E_LOCK_LOST" // ours could not be kept alive
  | "E_NO_PASSWORD" // none given and none can be asked for
  | "E_WRONG_KEY" // no key opens with this password
  | "E_DAMAGED" // a MAC, hash or structure that does not hold
  | "E_STORAGE_NOT_FOUND" // the storage has no file of that name
  | "E_STORAGE_EXISTS" // the storage has a file of that name already
  | "E_STORAGE_UNREACHABLE" // network, mount or service down
  | "E_GATEWAY" // OpenClaw's gateway cannot be stopped, suspended or told
  | "E_GATEWAY_DOWN" // it was stopped and is not back
  | "E_OCCUPIED" // something has files open in what is to be replaced
  | "E_RESTORE_OPEN" // a restore in place is under way, or was cut off and could not be finished
  | "E_NOTHING_TO_UNDO" // no restore in place is kept
  | "E_VERSION" // the installed OpenClaw cannot use this state
  | "E_INTERRUPTED"; // Ctrl-C, SIGTERM

export interface ErrorDetails {
  /** What to do about it: a sentence, best with the command to run. */
  hint?: string;
  cause?: unknown;
}

/** Every failure that Clawback foresees: a stable code, a sentence, and what to do about it. */
export class ClawbackError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = "ClawbackError";
    this.code = code;
    this.hint = details.hint;
  }
}

/** True for a ClawbackError of that code. */
export function hasCode(error: unknown, code: ErrorCode): error is ClawbackError {
  return error instanceof ClawbackError && error.code === code;
}

/** The `code` of a Node system error (`ENOENT`, `EACCES` …), or undefined. */
export function errno(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string"
    ? error.code
    : undefined;
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
