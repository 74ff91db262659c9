import { spawnSync } from "node:child_process";
import { lstatSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Swap } from "./merge.ts";
import { nameThenOf, pathOf } from "./swaps.ts";

/** One of the system's ways to copy what a snapshot does not have, by path. */
interface Kind {
  what: string;
  /** Prints what entries have that are named relative to the working directory. */
  read: readonly string[];
  /** Takes that on its standard input. */
  write: readonly string[];
  /** As `ls -l` marks it, behind the mode. */
  mark: string;
}

const KINDS: readonly Kind[] = [
  {
    what: "access control lists",
    read: ["getfacl", "--recursive", "--physical", "--skip-base", "--numeric", "--absolute-names"],
    write: ["setfacl", "--restore=-"],
    mark: "+",
  },
  {
    what: "security labels",
    read: ["getfattr", "--recursive", "--physical", "--no-dereference", "--dump", "--encoding=hex"],
    write: ["setfattr", "--no-dereference", "--restore=-"],
    mark: ".",
  },
];
const PATTERN = ["--match=^(security\\.selinux|security\\.capability|user\\.)"];
const MOST_OUTPUT = 256 << 20;

/**
 * Gives the new trees the access control lists and labels that entries of the same name have in the
 * old ones, with the system's own tools.
 *
 * @returns what is lost, as sentences
 */
export async function keepAttributes(
  swaps: readonly Swap[],
  at: (path: string) => string,
): Promise<string[]> {
  const lost = new Set<string>();
  for (const swap of swaps) {
    const live = pathOf(swap);
    if (!swap.isInSnapshot || lstatSync(live, { throwIfNoEntry: false }) === undefined) continue;
    const staged = at(nameThenOf(swap));
    for (const kind of KINDS) {
      if (!copyAttributes(kind, live, staged)) lost.add(kind.what);
    }
  }
  return [...lost].map(
    (what) => `${what} of what is replaced are lost: ${toolsFor(what)} could not copy them`,
  );
}

/** @returns false when there were some and they could not be copied */
function copyAttributes({ read, write, mark }: Kind, live: string, staged: string): boolean {
  const isDirectory = lstatSync(live).isDirectory();
  const [cwd, name] = isDirectory ? [live, "."] : [dirname(live), `./${live.split("/").at(-1)}`];
  const [program = "", ...words] = read;
  const patterns = program === "getfattr" ? PATTERN : [];
  const found = spawnSync(program, [...words, ...patterns, "--", name], {
    cwd,
    maxBuffer: MOST_OUTPUT,
  });
  if (found.error !== undefined) return !isMarked(live, mark);
  // Owners are set already, and those of the old tree are not what is wanted.
  const to = isDirectory ? staged : dirname(staged);
  const dump = reachedWithoutLinks(withoutOwners(found.stdout), to);
  if (dump.length === 0) return true;
  const [restore = "", ...rest] = write;
  const set = spawnSync(restore, rest, {
    cwd: to,
    input: Buffer.from(dump, "latin1"),
    maxBuffer: MOST_OUTPUT,
  });
  if (set.error !== undefined) return false;
  // What is not in the new tree is complained about, and no loss.
  const complaints = set.stderr
    .toString()
    .split("\n")
    .filter((line) => line !== "");
  return complaints.every((line) => line.includes("No such file or directory"));
}

function withoutOwners(dump: Buffer): string {
  const lines = dump.toString("latin1").split("\n");
  return lines
    .filter((line) => !/^# (owner|group|flags): /.test(line))
    .join("\n")
    .trim();
}

/**
 * The tools follow links, and a new tree may have one where the old one has a file: what that leads
 * to is none of theirs.
 */
function reachedWithoutLinks(dump: string, directory: string): string {
  const real = realpathSync(directory);
  const blocks = dump.split(/\n{2,}/).filter((block) => {
    const [, escaped] = /^# file: (.*)$/m.exec(block) ?? [];
    if (escaped === undefined) return false;
    const name = escaped.replace(/\\([0-7]{3})/g, (_, octal: string) => {
      return String.fromCharCode(Number.parseInt(octal, 8));
    });
    const path = Buffer.from(join(Buffer.from(real).toString("latin1"), name), "latin1");
    try {
      return realpathSync(path, "buffer").equals(path);
    } catch {
      return false;
    }
  });
  return blocks.length === 0 ? "" : `${blocks.join("\n\n")}\n`;
}

/** Whether the system says that there is something, where no tool tells what. */
function isMarked(path: string, mark: string): boolean {
  const listed = spawnSync("ls", ["-ldn", "--", path]);
  return listed.error === undefined && listed.stdout.toString()[10] === mark;
}

function toolsFor(what: string): string {
  return what === "security labels" ? "getfattr and setfattr" : "getfacl and setfacl";
}
