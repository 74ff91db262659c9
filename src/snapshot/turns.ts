import { ClawbackError } from "../errors.ts";

/** A synchronous walk gives way to everything else after so many entries. */
export const ENTRIES_A_TURN = 256;

/** Lets everything else have its turn. @throws what the signal was aborted with, or E_INTERRUPTED */
export async function takeTurn(signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => setImmediate(resolve));
  if (signal.aborted) throw interruption(signal);
}

/** Why a run that was aborted ends. */
export function interruption(signal: AbortSignal): unknown {
  return signal.reason instanceof ClawbackError
    ? signal.reason
    : new ClawbackError(
        "E_INTERRUPTED",
        "interrupted: nothing was added to the repository's list of snapshots",
        { hint: "run the command again" },
      );
}
