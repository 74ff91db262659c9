import { randomBytes } from "node:crypto";
import { readdirSync, rmdirSync, renameSync, unlinkSync } from "node:fs";
import { dirname } from "node:path/posix";
import { setImmediate } from "node:timers/promises";
import { ClawbackError, errno } from "../errors.ts";
import { DiskTrouble, handsOn, type Hands, type OnStep } from "./hands.ts";
import { look } from "./look.ts";
import { mountsBelow } from "./mounts.ts";
import { below, bytesOf, readable, type RawPath } from "./raw-path.ts";

/** Well below PATH_MAX, with room for a name of 255 bytes. */
const LONG_PATH = 3000;

/**
 * Removes a directory of ours and all that is in it, however deep and whatever its modes. Links are
 * removed, not followed; what is gone already is no failure.
 * @param last a file in it that goes when all else is gone
 * @throws ClawbackError `E_FAILED` when something is mounted in there; DiskTrouble.
 */
export async function removeTree(root: RawPath, step: OnStep, last?: RawPath): Promise<void> {
  const seen = look(root);
  if (seen === undefined) return;
  const [mount] = mountsBelow(root);
  if (mount !== undefined) throw mountedIn(below(root, mount));
  const hands = handsOn(step);
  if (seen.stat.isDirectory()) await empty(root, { root, dev: seen.dev, last, hands });
  if (last !== undefined && look(last) !== undefined) hands.unlink(last);
  step(`remove ${readable(root)}`);
  remove(root, seen.stat.isDirectory(), hands);
}

interface Removal {
  root: RawPath;
  dev: string;
  last: RawPath | undefined;
  hands: Hands;
}

async function empty(directory: RawPath, removal: Removal): Promise<void> {
  const { root, dev, last, hands } = removal;
  // More than once: too deep a directory moves up into the root while that is being read.
  for (;;) {
    const entries = entriesOf(directory, hands).filter(
      ({ name }) => below(directory, name) !== last,
    );
    if (entries.length === 0) return;
    for (const entry of entries) {
      let path = below(directory, entry.name);
      const isDirectory = entry.isDirectory();
      if (isDirectory) {
        path = shortened(path, root, hands);
        const seen = look(path);
        if (seen === undefined) continue;
        if (seen.dev !== dev) throw mountedIn(path);
        await empty(path, removal);
      }
      remove(path, isDirectory, hands);
    }
    hands.step(`emptied ${readable(directory)}`);
    await setImmediate();
  }
}

function entriesOf(directory: RawPath, hands: Hands) {
  return writable(directory, hands, () =>
    readdirSync(bytesOf(directory), { withFileTypes: true, encoding: "latin1" }),
  );
}

function shortened(path: RawPath, root: RawPath, hands: Hands): RawPath {
  if (path.length < LONG_PATH) return path;
  const short = below(root, randomBytes(8).toString("hex"));
  // Moving a directory needs a write permission for itself as well.
  writable(path, hands, () =>
    writable(dirname(path), hands, () => renameSync(bytesOf(path), bytesOf(short))),
  );
  return short;
}

function remove(path: RawPath, isDirectory: boolean, hands: Hands): void {
  const gone = isDirectory ? rmdirSync : unlinkSync;
  writable(dirname(path), hands, () => gone(bytesOf(path)));
}

/** Does something for which the directory must be readable and writable. */
function writable<Result>(directory: RawPath, hands: Hands, action: () => Result): Result {
  try {
    return action();
  } catch (error) {
    if (error instanceof DiskTrouble) throw error;
    if (errno(error) !== "EACCES") throw new DiskTrouble(readable(directory), error);
    hands.chmod(directory, 0o700);
    return action();
  }
}

function mountedIn(path: RawPath): ClawbackError {
  return new ClawbackError("E_FAILED", `something is mounted at ${readable(path)}`, {
    hint: "It is in a directory that is to be removed: unmount it first.",
  });
}
