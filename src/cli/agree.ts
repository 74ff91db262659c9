import { ClawbackError } from "../errors.ts";
import type { View } from "./command.ts";
import type { Context } from "./context.ts";

/**
 * Shows what is about to be done, and asks once whether it shall be.
 * @throws E_USAGE without a terminal and without --yes; E_INTERRUPTED when the answer is no
 */
export async function agree(
  context: Context,
  plan: (view: View) => string,
  { message }: { message: string },
): Promise<void> {
  if (!context.yes) context.show(plan);
  if (await context.prompter.confirm({ message, flag: "--yes", byDefault: false })) return;
  throw new ClawbackError("E_INTERRUPTED", "stopped: nothing was changed", {
    hint: "Run it again with --yes, or with --dry-run to look at the plan.",
  });
}
