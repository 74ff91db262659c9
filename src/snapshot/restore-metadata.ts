import { spawnSync } from "node:child_process";
import { chmodSync, lchownSync, linkSync, lutimesSync, symlinkSync, utimesSync } from "node:fs";
import { messageOf } from "../errors.ts";
import { parseTime } from "./go-time.ts";
import { posixMode, type TreeNode } from "./node.ts";

/**
 * Owner, mode and times as they were. Times are exact to the microsecond: Node passes them as
 * doubles. An owner that only root may give is left to be the user who restores.
 *
 * @returns what could not be done, as a sentence
 */
export function applyMetadata(path: Buffer, node: TreeNode): string | undefined {
  if (node.type === "socket" || node.type === "irregular") return undefined;
  const isLink = node.type === "symlink";
  try {
    if (process.getuid?.() === 0) lchownSync(path, node.uid, node.gid);
    // After the owner: giving a file away clears setuid.
    if (!isLink) chmodSync(path, posixMode(node.mode));
    const mtime = seconds(node.mtime);
    const atime = seconds(node.atime) ?? mtime;
    if (mtime !== undefined && atime !== undefined) {
      if (isLink) lutimesSync(path, atime, mtime);
      else utimesSync(path, atime, mtime);
    }
  } catch (error) {
    return `its owner, mode or times could not be set: ${messageOf(error)}`;
  }
  return undefined;
}

/**
 * Makes what is neither file nor directory.
 *
 * @param original the file that this is one more name of
 * @returns why it could not be made, as a sentence
 */
export function makeSpecial(
  path: Buffer,
  node: TreeNode,
  original: Buffer | undefined,
): string | undefined {
  try {
    if (original !== undefined) {
      linkSync(original, path);
      return undefined;
    }
    switch (node.type) {
      case "symlink":
        symlinkSync(node.linktarget ?? Buffer.alloc(0), path);
        return undefined;
      case "fifo":
        return makeNode(path, "p");
      case "dev":
        return makeNode(path, "b", node.device);
      case "chardev":
        return makeNode(path, "c", node.device);
      default:
        return "a socket lives only as long as its program: not restored";
    }
  } catch (error) {
    return messageOf(error);
  }
}

/** Node has no mknod; the system's tool does it. Arguments of a process are strings: odd names are beyond it. */
function makeNode(path: Buffer, kind: "p" | "b" | "c", device = 0n): string | undefined {
  const name = path.toString("utf8");
  if (!Buffer.from(name, "utf8").equals(path)) return "a special file whose name is not UTF-8";
  const numbers = kind === "p" ? [] : [major(device), minor(device)].map(String);
  const made = spawnSync("mknod", ["--", name, kind, ...numbers], { stdio: "ignore" });
  return made.status === 0 ? undefined : "a special file that mknod could not make";
}

/** As glibc packs a `dev_t`. */
function major(device: bigint): bigint {
  return ((device >> 8n) & 0xfffn) | ((device >> 32n) & ~0xfffn);
}

function minor(device: bigint): bigint {
  return (device & 0xffn) | ((device >> 12n) & ~0xffn);
}

/** A decimal string: Node takes a negative number for "now", and a double of a large one is less exact. */
function seconds(time: string | undefined): string | undefined {
  if (time === undefined) return undefined;
  const nanoseconds = parseTime(time);
  const digits = String(nanoseconds < 0n ? -nanoseconds : nanoseconds).padStart(10, "0");
  return `${nanoseconds < 0n ? "-" : ""}${digits.slice(0, -9)}.${digits.slice(-9)}`;
}
