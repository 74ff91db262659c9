import { spawn } from "node:child_process";
import { once } from "node:events";
import { buffer } from "node:stream/consumers";
import { ClawbackError, messageOf } from "../errors.ts";
import { decodeText, trimSpace } from "./password-file.ts";
import { shellWords } from "./shell-words.ts";

/**
 * Runs a command and takes its standard output, trimmed, as the password (restic's rule). No shell;
 * the terminal stays connected so that pass, gpg or a password manager may ask for its own secret.
 *
 * @throws ClawbackError E_NO_PASSWORD when it fails or prints nothing, E_USAGE when it cannot be split.
 */
export async function runPasswordCommand(command: string, signal?: AbortSignal): Promise<string> {
  const [program, ...args] = shellWords(command);
  // Only the program's name is told on: its arguments may be secret.
  const failed = (why: string, cause?: unknown): ClawbackError =>
    new ClawbackError("E_NO_PASSWORD", `the password command ${program} ${why}`, { cause });
  const child = spawn(program, args, {
    stdio: ["inherit", "pipe", "inherit"],
    ...(signal && { signal }),
  });
  const ended = once(child, "close");
  const [output, [code, killedBy]] = await Promise.all([buffer(child.stdout), ended]).catch(
    (error: unknown) => {
      signal?.throwIfAborted();
      throw failed(`did not run: ${messageOf(error)}`, error);
    },
  );
  if (code !== 0) throw failed(code === null ? `was ended by ${killedBy}` : `exited with ${code}`);
  const text = trimSpace(decodeText(output));
  if (text === "") throw failed("printed nothing");
  return text;
}
