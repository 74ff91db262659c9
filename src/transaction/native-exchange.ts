import { spawnSync } from "node:child_process";
import { dirname } from "node:path/posix";
import type { Hands } from "./hands.ts";
import { look } from "./look.ts";
import { bytesOf, readable, type RawPath } from "./raw-path.ts";

/** renameat2(2) by number, which Node has no call for. */
const SYSCALL: Readonly<Record<string, number>> = { x64: 316, arm64: 276 };
const AT_FDCWD = -100;
const RENAME_EXCHANGE = 2;

/** coreutils from 9.5 on, util-linux from 2.40 on, and Perl, which Debian has everywhere. */
const TOOLS: ((a: string, b: string) => string[])[] = [
  (a, b) => ["mv", "--exchange", "--no-copy", "--no-target-directory", "--", a, b],
  (a, b) => ["exch", a, b],
  (a, b) => [
    "perl",
    "-e",
    `exit(syscall(${SYSCALL[process.arch]}, ${AT_FDCWD}, $ARGV[0], ${AT_FDCWD}, $ARGV[1], ${RENAME_EXCHANGE}) != 0)`,
    a,
    b,
  ],
];

/** By device: file systems differ (overlays, NFS). */
const found = new Map<string, ((a: string, b: string) => string[]) | undefined>();

/**
 * Lets two directories change places in one system call, where system and file system can.
 * @param aside in a directory of ours, where it may be tried out first
 * @returns false: nothing has happened
 */
export function exchangeNatively(aside: RawPath, live: RawPath, hands: Hands): boolean {
  const [a, b] = [aside, live].map(readable) as [string, string];
  if (!bytesOf(aside).equals(Buffer.from(a)) || !bytesOf(live).equals(Buffer.from(b))) return false;
  const dev = look(aside)?.dev;
  if (process.platform !== "linux" || dev === undefined) return false;
  if (!found.has(dev)) found.set(dev, toolFor(dirname(aside), hands));
  const tool = found.get(dev);
  if (tool === undefined) return false;
  hands.step(`exchange ${b}`);
  return run(tool, aside, live);
}

function toolFor(directory: RawPath, hands: Hands): (typeof TOOLS)[number] | undefined {
  const trials = ["one", "two"].map(
    (name) => `${directory}/.clawback-trial-${process.pid}-${name}`,
  );
  const [one, two] = trials as [RawPath, RawPath];
  for (const trial of trials) hands.mkdir(trial);
  try {
    return TOOLS.find((tool) => run(tool, one, two));
  } finally {
    for (const trial of trials) hands.rmdir(trial);
  }
}

/** Not the exit code but the disk says whether it worked. */
function run(tool: (typeof TOOLS)[number], a: RawPath, b: RawPath): boolean {
  const before = look(a)?.ino;
  const [program = "", ...words] = tool(readable(a), readable(b));
  spawnSync(program, words, { stdio: "ignore", timeout: 10_000 });
  return before !== undefined && look(b)?.ino === before;
}
