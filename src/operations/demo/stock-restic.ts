import { execFile } from "node:child_process";
import { delimiter, isAbsolute, join } from "node:path";
import { access, constants } from "node:fs/promises";
import { promisify } from "node:util";
import { ClawbackError, errno, messageOf } from "../../errors.ts";

const run = promisify(execFile);
const TIMEOUT_MS = 60_000;

export interface StockCheck {
  repository: string;
  password: string;
  /** All that the program sees of the environment, besides the password. */
  env: Readonly<Record<string, string>>;
  signal: AbortSignal;
}

/**
 * The `restic` of somebody's PATH, if there is one.
 *
 * @returns absolute
 */
export async function findRestic(path: string | undefined): Promise<string | undefined> {
  for (const directory of (path ?? "").split(delimiter)) {
    if (!isAbsolute(directory)) continue;
    const program = join(directory, "restic");
    const isThere = await access(program, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isThere) return program;
  }
  return undefined;
}

/**
 * Has restic read and prove every byte of a repository.
 *
 * @returns its version, as "0.14.0"
 * @throws E_FAILED with what restic says
 */
export async function checkWithRestic(program: string, about: StockCheck): Promise<string> {
  const { repository, password, signal } = about;
  const options = {
    env: { ...about.env, RESTIC_PASSWORD: password },
    signal,
    timeout: TIMEOUT_MS,
  };
  try {
    const { stdout } = await run(program, ["version"], { ...options, env: { ...about.env } });
    await run(program, ["-r", repository, "--no-cache", "check", "--read-data"], options);
    return /^restic (\S+)/.exec(stdout)?.[1] ?? "of an unknown version";
  } catch (error) {
    const said = (error as { stderr?: string }).stderr?.trim().split("\n").at(-1);
    const what = errno(error) ?? messageOf(error);
    throw new ClawbackError("E_FAILED", `restic: ${said || what}`, { cause: error });
  }
}
