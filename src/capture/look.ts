import type { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import { hasCode } from "../errors.ts";
import { copyTo, lookWhetherAtRest, makesWritersWait, patiently, roomFor } from "./capture.ts";
import { factsOf, lengthProblems, readable } from "./facts.ts";
import type { FactsReport } from "./facts.ts";
import { withImage } from "./open-image.ts";
import type { RawPath } from "./path.ts";
import { PinnedDatabase } from "./pinned-database.ts";
import { inRoom } from "./room.ts";
import { databaseSignature, sameStamp } from "./signature.ts";
import { canPin, chooseName, lookAt, withFile, withSidecar } from "./source.ts";
import type { Source } from "./source.ts";
import { readTexts } from "./texts.ts";
import type { Column } from "./texts.ts";
import { WalReader } from "./wal.ts";

export interface LookJob {
  path: Buffer;
  otherNames: Buffer[];
  columns: Column[];
  /** No further table is begun, and nothing is copied, after this time. */
  budgetMs: number;
  /** Directories that may be made for a copy, best first. */
  places: string[];
}

/** What an image taken now would be. */
export interface DatabaseLook extends FactsReport {
  /** Bytes. */
  size: number;
  /** Bytes. */
  pageSize: number;
  /** Pages, the last one perhaps not whole. */
  pages: number;
  /** What the columns that were asked for hold. */
  texts: string[];
}

/** Bytes. What is larger is not copied only to be looked at. */
const MOST_TO_COPY = 1 << 30;

/**
 * Reads a database where it is: the file itself while it rests, else under a pinned read
 * transaction. Where none can be had, or it would make writers wait, from a copy.
 */
export async function look(job: LookJob): Promise<DatabaseLook> {
  const { path } = await chooseName(job.path, job.otherNames);
  const { source, rests } = await lookWhetherAtRest(path);
  return (
    (rests ? await lookAtRest(source, job) : undefined) ??
    (makesWritersWait(source) ? undefined : await lookPinned(path, job)) ??
    (await lookAtCopy(source, job))
  );
}

async function lookAtRest(source: Source, job: LookJob): Promise<DatabaseLook | undefined> {
  const seen = readImage(source.path, job);
  const { main } = await databaseSignature(source.path);
  return sameStamp(source.signature.main, main) ? lookOf(source, seen) : undefined;
}

function lookPinned(path: Buffer, job: LookJob): Promise<DatabaseLook | undefined> {
  return patiently(async () => {
    const source = await lookAt(path);
    if (!canPin(source)) return undefined;
    using pinned = new PinnedDatabase(source);
    pinned.take();
    pinned.confirm();
    const odd = pinned.wal === undefined ? lengthProblems(pinned.mainFd) : [];
    return lookOf({ ...source, ...pinned.wal, size: pinned.size }, read(pinned.database, job, odd));
  });
}

async function lookAtCopy(source: Source, job: LookJob): Promise<DatabaseLook> {
  const wal = withSidecar(source.path, "-wal", (fd) => new WalReader(fd).advance());
  const size = wal ? wal.pageCount * wal.pageSize : source.size;
  const unread = (why: string) =>
    lookOf({ ...source, ...wal, size }, { facts: undefined, problems: [why], texts: [] });
  if (job.budgetMs === 0 || roomFor(source) > MOST_TO_COPY) {
    return unread("its rows were not counted: it is too large to be read while it is in use");
  }
  try {
    return await inRoom(job.places, roomFor(source), async (place) => {
      const { path, ...copy } = await copyTo(source.path, join(place, "image"));
      return lookOf(copy, readImage(path, job));
    });
  } catch (error) {
    if (!hasCode(error, "E_NO_SPACE")) throw error;
    return unread(`its rows were not counted: ${error.message}`);
  }
}

type Seen = FactsReport & { texts: string[] };

function lookOf({ size, pageSize }: { size: number; pageSize: number }, seen: Seen): DatabaseLook {
  return { size, pageSize, pages: Math.ceil(size / pageSize), ...seen };
}

function readImage(path: RawPath, job: LookJob): Seen {
  const odd = withFile(path, lengthProblems);
  return withImage(path, (database) => read(database, job, odd));
}

function read(database: DatabaseSync, { budgetMs, columns }: LookJob, odd: string[]): Seen {
  const deadline = performance.now() + budgetMs;
  const texts = readTexts(database, columns, deadline);
  const { facts, problems } = readable(() => factsOf(database, deadline - performance.now()));
  return { facts, problems: [...odd, ...problems], texts };
}
