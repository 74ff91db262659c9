import type { Context } from "./context.ts";
import type { ExitCode } from "./exit-codes.ts";
import type { View } from "./output/view.ts";

export type { View } from "./output/view.ts";

/** What a command came to. */
export interface Outcome {
  /** For `--json`: an object gets `version` put in front; a list is printed as it is. */
  document: object;
  /** For people, without the last line break. Empty: nothing is printed. */
  text: (view: View) => string;
  /** Printed in the text's place with `--quiet`; the text itself if undefined. */
  quietText?: string;
  /** Default 0. */
  exitCode?: ExitCode;
}

/** One command's work. Nothing comes back when the result went to stdout as raw bytes. */
type Action<Options> = (
  context: Context,
  options: Options,
  args: readonly (string | undefined)[],
) => Promise<Outcome | undefined>;

/** Wraps an action for commander: context before it, rendering after it. */
export type Runner = <Options>(action: Action<Options>) => (...given: unknown[]) => Promise<void>;

/** An option that may be repeated. */
export function collect(value: string, previous: readonly string[] = []): string[] {
  return [...previous, value];
}

/** An option that may be repeated, or take several values with commas between. */
export function collectList(value: string, previous: readonly string[] = []): string[] {
  const values = value.split(",").map((each) => each.trim());
  return [...previous, ...values.filter((each) => each !== "")];
}
