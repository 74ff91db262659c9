import { constants } from "node:fs";
import { copyFile, lstat, mkdtemp, open, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { InstanceCopy } from "../instance-copy.ts";
import { databaseHeader } from "./copied-database.ts";
import { copiedFiles } from "./copied-files.ts";
import { canBeLogOf } from "./log-owner.ts";
import type { Done, RevivalReport, Told } from "./report.ts";

const SIDECAR = /-(wal|shm|journal)$/;
/** How a journal ends that names a super-journal (https://sqlite.org/src/file/src/pager.c). */
const JOURNAL_MAGIC = Buffer.from("d9d505f920a163d7", "hex");

/** A database, and what lies beside it. */
interface Database {
  /** As at home. */
  path: string;
  at: string;
}

/**
 * Leaves every database of a copy alone, without `-wal`, `-shm` or `-journal`. A log that is the
 * database's own is data: it is taken into the database. One that is not, which SQLite would take
 * for its own all the same, is removed.
 */
export async function settleSidecars(copy: InstanceCopy): Promise<RevivalReport> {
  const databases = new Map<string, Database>();
  for await (const { path, at, isFile } of copiedFiles(copy)) {
    if (!isFile || !SIDECAR.test(path)) continue;
    const main = { path: path.replace(SIDECAR, ""), at: at.replace(SIDECAR, "") };
    databases.set(main.path, main);
  }
  const done: Done[] = [];
  const told: Told[] = [];
  for (const database of databases.values()) {
    const header = await databaseHeader(database.at);
    if (header === undefined) continue;
    for (const kind of ["journal", "wal"] as const) {
      const outcome = await settle(database, header, kind);
      if (outcome === "unsound") told.push(unsound(database, kind));
      else if (outcome !== undefined) done.push({ what: outcome, path: database.path, count: 1 });
    }
    // It maps the log for processes that are gone; SQLite makes it anew.
    const isSettled = !(await holdsSomething(`${database.at}-wal`));
    if (isSettled) await rm(`${database.at}-shm`, { force: true });
  }
  return { done, told };
}

type Kind = "wal" | "journal";

/** @returns what was done, in words; `unsound`: neither with the log nor without it is it sound */
async function settle(database: Database, header: Buffer, kind: Kind): Promise<string | undefined> {
  const log = `${database.at}-${kind}`;
  if (!(await holdsSomething(log)) || (kind === "journal" && !(await isHot(log)))) {
    await rm(log, { force: true });
    return undefined;
  }
  if (kind === "journal" && (await namesAnother(log))) return "unsound";
  const isForeign = kind === "wal" && !(await canBeLogOf(database.at, header));
  const verdict = isForeign ? "foreign" : await tried(database.at, kind);
  if (verdict === "unsound") return verdict;
  if (verdict === "own") recover(database.at);
  await rm(log, { force: true });
  if (verdict === "own") {
    return kind === "wal"
      ? "a write-ahead log taken into its database"
      : "an unfinished transaction rolled back";
  }
  return `a ${kind === "wal" ? "write-ahead log" : "journal"} removed that is not this database's`;
}

/** What becomes of the database with the log, and without it: seen on copies beside it. */
async function tried(at: string, kind: Kind): Promise<"own" | "foreign" | "unsound"> {
  const scratch = await mkdtemp(join(dirname(at), ".clawback-trial-"));
  try {
    const image = join(scratch, basename(at));
    await copyFile(at, image, constants.COPYFILE_FICLONE);
    const without = findings(image);
    await rm(image);
    await copyFile(at, image, constants.COPYFILE_FICLONE);
    await copyFile(`${at}-${kind}`, `${image}-${kind}`);
    const together = findings(image);
    if (together === "ok") return "own";
    if (without === "ok") return "foreign";
    // What both have was there before: damage, or a table of an extension that is not loaded here.
    return together === without ? "own" : "unsound";
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** SQLite's findings in one line: `ok`, or what is wrong. */
function findings(path: string): string {
  try {
    using database = new DatabaseSync(path);
    const rows = database.prepare("PRAGMA integrity_check").all();
    return rows.map((row) => String(row["integrity_check"])).join("; ");
  } catch (error) {
    return String(error);
  }
}

/** Opens it as its program would; closing it takes the log in and away. */
function recover(path: string): void {
  using database = new DatabaseSync(path);
  database.prepare("SELECT count(*) FROM sqlite_schema").get();
  database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
}

async function holdsSomething(path: string): Promise<boolean> {
  const info = await lstat(path).catch(() => undefined);
  return info !== undefined && info.size > 0;
}

/** SQLite takes a journal for one that is to be rolled back if its first byte is not zero. */
async function isHot(journal: string): Promise<boolean> {
  const file = await open(journal, "r");
  try {
    const first = Buffer.alloc(1);
    return (await file.read(first, 0, 1, 0)).bytesRead === 1 && first[0] !== 0;
  } finally {
    await file.close();
  }
}

/** Of a transaction over several databases; rolling it back would reach beyond the copy. */
async function namesAnother(journal: string): Promise<boolean> {
  const file = await open(journal, "r");
  try {
    const tail = Buffer.alloc(JOURNAL_MAGIC.length);
    const { size } = await file.stat();
    await file.read(tail, 0, tail.length, Math.max(0, size - tail.length));
    return tail.equals(JOURNAL_MAGIC) && size > 512;
  } finally {
    await file.close();
  }
}

function unsound({ path }: Database, kind: Kind): Told {
  return {
    what: `${path} and the ${kind === "wal" ? "write-ahead log" : "journal"} beside it are left as they are`,
    why: "They cannot be put together here, and it is not known which of them is right.",
  };
}
