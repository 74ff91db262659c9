import { createHash } from "node:crypto";
import * as fs from "node:fs";

export interface CompareOptions {
  /**
   * By how many nanoseconds times may differ: none for restic, 999n for Node's `utimes`, which
   * takes doubles.
   */
  timeTolerance?: bigint;
  /**
   * What to leave out: sockets, as restic does, or whatever is neither file, directory nor link, as
   * Clawback does.
   */
  ignore?: "sockets" | "specials";
}

/**
 * What differs between two directories: names, types, modes, owners, times of change, contents,
 * targets, device numbers, and which names are one file. Empty when they are the same. The two
 * roots' own metadata counts too.
 */
export function compareTrees(a: string, b: string, options: CompareOptions = {}): string[] {
  const [left, right] = [readTree(a, options), readTree(b, options)];
  const differences: string[] = [];
  for (const [path, entry] of left) {
    const other = right.get(path);
    if (other === undefined) differences.push(`${shown(path)}: only in ${a}`);
    else differences.push(...compareEntries(path, entry, other, options.timeTolerance ?? 0n));
  }
  for (const path of right.keys()) {
    if (!left.has(path)) differences.push(`${shown(path)}: only in ${b}`);
  }
  return differences;
}

type Entry = Record<string, string>;

function compareEntries(path: string, left: Entry, right: Entry, tolerance: bigint): string[] {
  const differ = (field: string) =>
    field === "mtime"
      ? isApart(BigInt(left[field] ?? 0), BigInt(right[field] ?? 0), tolerance)
      : left[field] !== right[field];
  return Object.keys({ ...left, ...right })
    .filter(differ)
    .map((field) => `${shown(path)}: ${field} ${left[field]} ≠ ${right[field]}`);
}

function isApart(a: bigint, b: bigint, tolerance: bigint): boolean {
  return (a < b ? b - a : a - b) > tolerance;
}

/** Every entry by its path in Latin-1, so that any bytes are a key. */
function readTree(root: string, options: CompareOptions): Map<string, Entry> {
  const entries = new Map<string, Entry>();
  const firstNames = new Map<string, string>();
  const visit = (path: Buffer, key: string): void => {
    const stat = fs.lstatSync(path, { bigint: true });
    if (isIgnored(stat, options.ignore)) return;
    const entry = describe(path, stat);
    entries.set(key, entry);
    if (stat.isDirectory()) {
      const names = fs.readdirSync(path, { encoding: "buffer" });
      names.sort((a, b) => Buffer.compare(a, b));
      for (const name of names) {
        visit(Buffer.concat([path, Buffer.from("/"), name]), `${key}/${name.toString("latin1")}`);
      }
    } else if (stat.nlink > 1n) {
      const file = `${stat.dev}:${stat.ino}`;
      entry["same file as"] = shown(firstNames.get(file) ?? key);
      if (!firstNames.has(file)) firstNames.set(file, key);
    }
  };
  visit(Buffer.from(root), "");
  return entries;
}

function isIgnored(stat: fs.BigIntStats, ignore: CompareOptions["ignore"]): boolean {
  if (ignore === "sockets") return stat.isSocket();
  return ignore === "specials" && !stat.isFile() && !stat.isDirectory() && !stat.isSymbolicLink();
}

function describe(path: Buffer, stat: fs.BigIntStats): Entry {
  const entry: Entry = {
    mode: stat.mode.toString(8),
    owner: `${stat.uid}:${stat.gid}`,
    mtime: String(stat.mtimeNs),
  };
  if (stat.isSymbolicLink()) {
    entry["target"] = fs.readlinkSync(path, { encoding: "buffer" }).toString("hex");
  }
  if (stat.isCharacterDevice() || stat.isBlockDevice()) entry["device"] = String(stat.rdev);
  if (stat.isFile()) {
    entry["size"] = String(stat.size);
    entry["content"] = createHash("sha256").update(fs.readFileSync(path)).digest("hex");
  }
  return entry;
}

function shown(path: string): string {
  return JSON.stringify(path || "/");
}
