import type { ErrorCode } from "../errors.ts";

/** Every exit code there is. `docs/scripting.md` has the same table for readers. */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  incomplete: 3,
  noRepository: 10,
  locked: 11,
  wrongKey: 12,
  damaged: 13,
  unreachable: 14,
  stale: 20,
  drillFailed: 21,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** The exit code of a command that ended in an error. */
export const EXIT_OF_ERROR: Readonly<Record<ErrorCode, ExitCode>> = {
  E_USAGE: EXIT.usage,
  E_FAILED: EXIT.failed,
  E_NO_INSTANCE: EXIT.failed,
  E_TARGET_NOT_EMPTY: EXIT.failed,
  E_NO_SNAPSHOT: EXIT.failed,
  E_AMBIGUOUS_ID: EXIT.failed,
  E_NOT_FOUND: EXIT.failed,
  E_NO_SPACE: EXIT.failed,
  E_PERMISSION: EXIT.failed,
  E_REPO_INSIDE_SOURCE: EXIT.failed,
  E_REPO_EXISTS: EXIT.failed,
  E_NO_REPO: EXIT.noRepository,
  // Not 10: a script that answers 10 with `init` must not meet somebody's damaged repository.
  E_REPO_FORMAT: EXIT.failed,
  E_REPO_LOCKED: EXIT.locked,
  E_LOCK_LOST: EXIT.locked,
  E_NO_PASSWORD: EXIT.wrongKey,
  E_WRONG_KEY: EXIT.wrongKey,
  E_DAMAGED: EXIT.damaged,
  E_STORAGE_NOT_FOUND: EXIT.failed,
  E_STORAGE_EXISTS: EXIT.failed,
  E_STORAGE_UNREACHABLE: EXIT.unreachable,
  E_GATEWAY: EXIT.failed,
  E_GATEWAY_DOWN: EXIT.failed,
  E_OCCUPIED: EXIT.failed,
  E_RESTORE_OPEN: EXIT.failed,
  E_NOTHING_TO_UNDO: EXIT.failed,
  E_VERSION: EXIT.failed,
  E_INTERRUPTED: EXIT.interrupted,
};
