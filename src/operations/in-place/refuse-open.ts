import { ClawbackError } from "../../errors.ts";
import { openTransactions } from "../../transaction/recover.ts";
import type { OperationContext } from "../context.ts";
import { journalDir } from "./journal-place.ts";

/** @throws E_RESTORE_OPEN while one is under way, or was cut off and is not finished */
export async function refuseOpenRestore(context: OperationContext): Promise<void> {
  const [open] = await openTransactions(journalDir(context));
  if (open === undefined) return;
  const { pid, hostname } = open.owner;
  throw new ClawbackError(
    "E_RESTORE_OPEN",
    `a restore in place is under way (process ${pid} on ${hostname})`,
    { hint: "Wait until it has ended. Should it have been killed, the next command finishes it." },
  );
}
