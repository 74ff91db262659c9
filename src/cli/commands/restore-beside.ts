import { ClawbackError } from "../../errors.ts";
import type { Outcome } from "../command.ts";
import type { Context } from "../context.ts";

/** `restore --beside`: next to where it is at home. */
export async function besideOriginal(
  context: Context,
  snapshot: string | Date,
  paths: readonly string[],
): Promise<Outcome> {
  if (paths.length === 0) {
    throw new ClawbackError("E_USAGE", "--beside needs to know what", {
      hint: "Name files or directories: --path <path>; `clawback ls` lists them.",
    });
  }
  const { restoreBeside } = await import("../../operations/restore-beside.ts");
  const { renderBeside } = await import("../render/restore.ts");
  const document = await restoreBeside(context, { snapshot, paths });
  return {
    document,
    text: (view) => renderBeside(document, view),
    quietText: document.restored.map(({ as }) => as).join("\n"),
  };
}

/** `restore --stdout`: the bytes of one file. */
export async function toStdout(
  context: Context,
  snapshot: string | Date,
  paths: readonly string[],
): Promise<undefined> {
  const [path] = paths;
  if (path === undefined || paths.length > 1 || context.json) {
    throw new ClawbackError("E_USAGE", "--stdout prints the bytes of one file and nothing else", {
      hint: "Name it with a single --path; for JSON there is `clawback cat --json`.",
    });
  }
  const { cat } = await import("../../operations/cat.ts");
  await cat(context, { snapshot, path }, context.write);
  return undefined;
}
