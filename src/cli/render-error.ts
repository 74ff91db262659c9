import { inspect } from "node:util";
import { ClawbackError, errno, messageOf } from "../errors.ts";
import type { ErrorCode } from "../errors.ts";
import type { Style } from "./output/style.ts";
import type { Redactor } from "../config/redact.ts";

/** The document that `--json` prints in place of a result. */
export interface ErrorDocument {
  version: 1;
  error: { code: ErrorCode; message: string; hint?: string };
}

/** Whatever was thrown, as an error with a code. */
export function asClawbackError(error: unknown): ClawbackError {
  if (error instanceof ClawbackError) return error;
  const code = errno(error);
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new ClawbackError("E_NO_SPACE", `the disk is full: ${messageOf(error)}`, {
      hint: "Free some space, then run the same command again.",
      cause: error,
    });
  }
  if (code === "EACCES" || code === "EPERM" || code === "EROFS") {
    return new ClawbackError("E_PERMISSION", messageOf(error), { cause: error });
  }
  const hint = "Run it again with --debug to see where this comes from.";
  return new ClawbackError("E_FAILED", messageOf(error), { hint, cause: error });
}

/** What a person reads on stderr: what failed, what to do, and with `debug` where. */
export function renderError(
  error: ClawbackError,
  { style, redact, debug }: { style: Style; redact: Redactor; debug: boolean },
): string {
  const lines = [`${style.bad("error:")} ${error.message} ${style.faint(`(${error.code})`)}`];
  if (error.hint !== undefined) lines.push(`${style.warning("hint:")} ${error.hint}`);
  if (debug) lines.push(style.faint(inspect(error)));
  return redact(`${lines.join("\n")}\n`);
}

export function errorDocument(error: ClawbackError, redact: Redactor): ErrorDocument {
  return {
    version: 1,
    error: {
      code: error.code,
      message: redact(error.message),
      ...(error.hint !== undefined && { hint: redact(error.hint) }),
    },
  };
}
