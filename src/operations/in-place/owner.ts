import { chmodSync, lchownSync, lstatSync, readdirSync, readFileSync } from "node:fs";
import { stat } from "node:fs/promises";
import { ClawbackError } from "../../errors.ts";
import { nearestExisting } from "../../fs/paths.ts";
import { classifyIn } from "../../openclaw/roots.ts";
import { systemNames } from "../../snapshot/users.ts";
import type { KnownRoot } from "../root-index.ts";
import type { Destination, Place } from "./destination.ts";

/** Whom everything that is restored belongs to. */
export interface Owner {
  uid: number;
  gid: number;
  /** As people know them: `ann:staff`. */
  name: string;
}

/**
 * The owner that was asked for; else, where root brings an agent to another home, whoever that home
 * belongs to. Undefined: as the snapshot has it, or this user.
 *
 * @param asked `user[:group]`, names or numbers
 * @throws E_USAGE, E_PERMISSION when only root may give files to that user
 */
export async function chooseOwner(
  asked: string | undefined,
  destination: Pick<Destination, "home" | "isMoved">,
): Promise<Owner | undefined> {
  if (asked !== undefined) return parseOwner(asked);
  if (process.getuid?.() !== 0 || !destination.isMoved) return undefined;
  const { uid, gid } = await stat(await nearestExisting(destination.home));
  return ownerOf(uid, gid);
}

/** @throws E_USAGE, E_PERMISSION */
export function parseOwner(text: string): Owner {
  const [user = "", group] = text.split(":");
  const passwd = readTable("/etc/passwd");
  const found = passwd.find(([name, , uid]) => name === user || uid === user);
  const uid = Number(found?.[2] ?? user);
  const gid =
    group === undefined || group === ""
      ? Number(found?.[3] ?? uid)
      : Number(
          readTable("/etc/group").find(([name, , id]) => name === group || id === group)?.[2] ??
            group,
        );
  if (user === "" || !Number.isSafeInteger(uid) || !Number.isSafeInteger(gid)) {
    throw new ClawbackError("E_USAGE", `--owner ${text}: there is no such user or group here`, {
      hint: "Give a name or a number: --owner ann, --owner ann:staff, --owner 1000:1000",
    });
  }
  const self = process.getuid?.();
  if (self !== 0 && self !== uid) {
    throw new ClawbackError("E_PERMISSION", `only root can give files to ${user}`, {
      hint: "Run it with sudo, or without --owner: what is restored is yours then.",
    });
  }
  return ownerOf(uid, gid);
}

/**
 * Gives a restored tree to its owner; secrets are theirs alone, whatever their modes were.
 *
 * @param owner undefined: it stays whose it is
 * @param relative of the tree below its place, as latin1
 * @param top where the tree is
 */
export function giveTo(
  owner: Owner | undefined,
  { root, within }: Place,
  relative: string,
  top: string,
): void {
  // What says of itself that it is root's must not run with root's rights.
  const kept = owner === undefined && process.getuid?.() === 0 ? 0o1777 : 0o7777;
  const give = (path: Buffer, below: string): void => {
    const info = lstatSync(path);
    const isDirectory = info.isDirectory();
    if (owner !== undefined) lchownSync(path, owner.uid, owner.gid);
    if (!info.isSymbolicLink()) {
      const mode = modeFor(root, below, info.mode, isDirectory);
      chmodSync(path, isDirectory ? mode : mode & kept);
    }
    if (!isDirectory) return;
    for (const name of readdirSync(path, { encoding: "buffer" })) {
      const inner = joined([below, name.toString()]);
      give(Buffer.concat([path, Buffer.from("/"), name]), inner);
    }
  };
  const beginning = [within, relative].map((part) => Buffer.from(part, "latin1").toString());
  give(Buffer.from(top), joined(beginning));
}

function joined(parts: readonly string[]): string {
  return parts.filter((part) => part !== "").join("/");
}

/** Giving a file away clears setuid: set again as it was. */
function modeFor(root: KnownRoot, relative: string, mode: number, isDirectory: boolean): number {
  const bits = mode & 0o7777;
  return !isDirectory && classifyIn(root, relative, false).secret ? bits & ~0o077 : bits;
}

function ownerOf(uid: number, gid: number): Owner {
  const names = systemNames();
  return { uid, gid, name: `${names.user(uid) || uid}:${names.group(gid) || gid}` };
}

function readTable(path: string): string[][] {
  try {
    return readFileSync(path, "utf8")
      .split("\n")
      .map((line) => line.split(":"));
  } catch {
    return [];
  }
}
