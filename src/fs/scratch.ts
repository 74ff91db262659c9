import { constants } from "node:fs";
import {
  lstat,
  mkdtemp,
  open,
  readdir,
  rm,
  rmdir,
  stat,
  utimes,
  writeFile,
} from "node:fs/promises";
import { dirname, join } from "node:path";
import { ClawbackError, errno } from "../errors.ts";
import { ensurePrivateDirectory } from "./directories.ts";
import { explainFileError } from "./file-errors.ts";
import { lifeOf, type ProcessIdentity } from "./process-identity.ts";

const OWNER_FILE = "owner.json";
const SCRATCH_NAME = /^scratch-\d+-[A-Za-z0-9]{6}$/;
const HOUR = 60 * 60 * 1000;
/** An owner that cannot be asked (another container) shows that it lives by touching its file. */
const HEARTBEAT = HOUR;
const SILENCE = 24 * HOUR;
/** Long enough to write the owner file after the directory was made. */
const BIRTH = HOUR;

/** A private directory (0700) for this process alone; gone with all it holds when disposed of. */
export class Scratch implements AsyncDisposable {
  readonly path: string;
  readonly #heartbeat: NodeJS.Timeout;

  constructor(path: string) {
    this.path = path;
    this.#heartbeat = setInterval(() => void touch(join(path, OWNER_FILE)), HEARTBEAT).unref();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#heartbeat);
    await rm(this.path, { recursive: true, force: true });
    // Of the last run nothing stays; others keep the base alive.
    await rmdir(dirname(this.path)).catch(() => undefined);
  }
}

/**
 * Makes `<base>/scratch-<pid>-<random>` after removing those of processes that have ended: what a
 * kill leaves behind goes with the next run.
 * @param base made with mode 0700 when missing.
 * @throws ClawbackError `E_PERMISSION` when `base` is a link, another user's, or open to others'
 * writing; `E_NO_SPACE`.
 */
export async function openScratch(base: string, owner: ProcessIdentity): Promise<Scratch> {
  await ensurePrivateDirectory(base);
  await refuseForeign(base);
  await removeAbandoned(base, owner);
  let path: string | undefined;
  try {
    path = await makeBelow(base, owner);
    await writeFile(join(path, OWNER_FILE), JSON.stringify(owner), { mode: 0o600, flag: "wx" });
    return new Scratch(path);
  } catch (error) {
    if (path !== undefined) await rm(path, { recursive: true, force: true });
    throw await explainFileError(error, base);
  }
}

async function makeBelow(base: string, owner: ProcessIdentity): Promise<string> {
  const prefix = join(base, `scratch-${owner.pid}-`);
  try {
    return await mkdtemp(prefix);
  } catch (error) {
    if (errno(error) !== "ENOENT") throw error;
    // Another run has just removed the base as empty.
    await ensurePrivateDirectory(base);
    return mkdtemp(prefix);
  }
}

async function refuseForeign(base: string): Promise<void> {
  const info = await lstat(base);
  const mine = process.getuid === undefined || info.uid === process.getuid();
  const shared = process.platform !== "win32" && (info.mode & 0o022) !== 0;
  if (info.isDirectory() && mine && !shared) return;
  const why = !info.isDirectory()
    ? "is not a directory"
    : mine
      ? "may be written by others"
      : "belongs to another user";
  throw new ClawbackError("E_PERMISSION", `will not keep temporary files in ${base}: it ${why}`, {
    hint: "Remove it or name another place; it must be a directory of your own with mode 0700.",
  });
}

async function removeAbandoned(base: string, self: ProcessIdentity): Promise<void> {
  for (const entry of await readdir(base, { withFileTypes: true })) {
    if (!entry.isDirectory() || !SCRATCH_NAME.test(entry.name)) continue;
    const path = join(base, entry.name);
    // One that resists (a mount inside, say) must not keep this run from its work.
    if (await isAbandoned(path, self)) await rm(path, { recursive: true }).catch(() => undefined);
  }
}

async function isAbandoned(path: string, self: ProcessIdentity): Promise<boolean> {
  const owner = await readOwner(join(path, OWNER_FILE));
  if (owner === undefined) return (await ageOf(path)) > BIRTH;
  const life = await lifeOf(owner, self);
  return life === "dead" || (life === "unknown" && (await ageOf(join(path, OWNER_FILE))) > SILENCE);
}

async function readOwner(path: string): Promise<ProcessIdentity | undefined> {
  try {
    await using file = await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
    const owner: unknown = JSON.parse(await file.readFile("utf8"));
    return isOwner(owner) ? owner : undefined;
  } catch {
    return undefined;
  }
}

function isOwner(value: unknown): value is ProcessIdentity {
  if (typeof value !== "object" || value === null) return false;
  const { hostname, pid } = value as Partial<ProcessIdentity>;
  return typeof hostname === "string" && typeof pid === "number";
}

async function ageOf(path: string): Promise<number> {
  const info = await stat(path).catch(() => undefined);
  return info === undefined ? 0 : Date.now() - info.mtimeMs;
}

async function touch(path: string): Promise<void> {
  const now = new Date();
  await utimes(path, now, now).catch(() => undefined);
}
