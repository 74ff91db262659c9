import { constants, type BigIntStats } from "node:fs";
import { formatTime } from "./go-time.ts";
import type { Json } from "./go-json.ts";

/** What a node is, in restic's words. */
export type NodeType =
  | "file"
  | "dir"
  | "symlink"
  | "dev"
  | "chardev"
  | "fifo"
  | "socket"
  | "irregular";

/** A file, directory or other entry of a tree. Field by field what restic's `Node` holds. */
export interface TreeNode {
  /** Raw bytes: a name need not be UTF-8. */
  name: Buffer;
  type: NodeType;
  /**
   * Go's `os.FileMode`, not `st_mode`: beyond signed 32 bits for a directory. See {@link
   * posixMode}.
   */
  mode: number;
  /**
   * RFC 3339 with nanoseconds, as stored; see `formatTime` and `parseTime`. Missing is Go's zero
   * time.
   */
  mtime?: string;
  atime?: string;
  ctime?: string;
  uid: number;
  gid: number;
  /** Empty and missing are the same. */
  user?: string;
  group?: string;
  /** Zero and missing are the same, for this and every other number below. */
  inode?: bigint;
  deviceId?: bigint;
  size?: bigint;
  links?: bigint;
  linktarget?: Buffer;
  extendedAttributes?: ExtendedAttribute[];
  genericAttributes?: { [name: string]: Json };
  /** `st_rdev` of a device node. */
  device?: bigint;
  /**
   * Ids of the data blobs in order, 64 hex digits each. An empty file has `[]`; what is no file has
   * none.
   */
  content?: string[];
  /** Id of a directory's tree blob. */
  subtree?: string;
  error?: string;
  /** Fields of a newer restic, kept when the tree is written again. */
  extra?: { [name: string]: Json };
}

/** An extended attribute; the value is standard base64, or null. */
export interface ExtendedAttribute {
  name: string;
  value: string | null;
}

const MODE_SETUID = 2 ** 23;
const MODE_SETGID = 2 ** 22;
const MODE_STICKY = 2 ** 20;
const NODE_TYPES = new Map<number, { type: NodeType; goMode: number }>([
  [constants.S_IFREG, { type: "file", goMode: 0 }],
  [constants.S_IFDIR, { type: "dir", goMode: 2 ** 31 }],
  [constants.S_IFLNK, { type: "symlink", goMode: 2 ** 27 }],
  [constants.S_IFBLK, { type: "dev", goMode: 2 ** 26 }],
  [constants.S_IFCHR, { type: "chardev", goMode: 2 ** 26 + 2 ** 21 }],
  [constants.S_IFIFO, { type: "fifo", goMode: 2 ** 25 }],
  [constants.S_IFSOCK, { type: "socket", goMode: 2 ** 24 }],
]);
const IRREGULAR = { type: "irregular" as const, goMode: 2 ** 19 };

/** What `lstat` does not tell: the names of owner and group ("" when unknown), a link's target. */
export interface NodeExtras {
  user: string;
  group: string;
  linktarget?: Buffer;
}

/**
 * The node of what `lstat(…, { bigint: true })` saw, field for field as restic would write it, so
 * that both share trees: the time of access is the time of change of the data, and only files have
 * a size. `content`, `subtree` and a `size` of the bytes really read are the caller's to set.
 */
export function fromStat(name: Buffer, stat: BigIntStats, extras: NodeExtras): TreeNode {
  const { type, mode } = goMode(Number(stat.mode));
  const mtime = formatTime(stat.mtimeNs);
  const node: TreeNode = {
    name,
    type,
    mode,
    mtime,
    atime: mtime,
    ctime: formatTime(stat.ctimeNs),
    uid: Number(stat.uid),
    gid: Number(stat.gid),
    user: extras.user,
    group: extras.group,
    inode: stat.ino,
    deviceId: stat.dev,
  };
  if (type === "file") node.size = stat.size;
  if (type === "dev" || type === "chardev") node.device = stat.rdev;
  if (type === "symlink" && extras.linktarget !== undefined) node.linktarget = extras.linktarget;
  if (type !== "dir" && type !== "fifo" && type !== "socket") node.links = stat.nlink;
  return node;
}

/** `st_mode` in Go's terms. */
export function goMode(stMode: number): { type: NodeType; mode: number } {
  const { type, goMode: typeBits } = NODE_TYPES.get(stMode & constants.S_IFMT) ?? IRREGULAR;
  let mode = typeBits + (stMode & 0o777);
  if ((stMode & 0o4000) !== 0) mode += MODE_SETUID;
  if ((stMode & 0o2000) !== 0) mode += MODE_SETGID;
  if ((stMode & 0o1000) !== 0) mode += MODE_STICKY;
  return { type, mode };
}

/** The twelve bits for `chmod` of a Go mode: permissions, setuid, setgid, sticky. */
export function posixMode(mode: number): number {
  let bits = mode & 0o777;
  if ((mode & MODE_SETUID) !== 0) bits |= 0o4000;
  if ((mode & MODE_SETGID) !== 0) bits |= 0o2000;
  if ((mode & MODE_STICKY) !== 0) bits |= 0o1000;
  return bits;
}
