import { join } from "node:path";
import { messageOf } from "../errors.ts";
import {
  copyPinned,
  copyTo,
  lookWhetherAtRest,
  patiently,
  roomFor,
  SHORT_COPY,
} from "./capture.ts";
import { directOutcome } from "./outcome.ts";
import type { CaptureOutcome } from "./outcome.ts";
import { PinnedDatabase } from "./pinned-database.ts";
import { RoomPlan } from "./room.ts";
import { canPin, chooseName, lookAt } from "./source.ts";
import type { Source } from "./source.ts";

export interface WindowJob {
  databases: Array<{
    path: Buffer;
    otherNames: Buffer[];
    /** Directories that may be made for its image, best first. */
    places: string[];
  }>;
}

export interface WindowOutcome {
  /** For each database, in the order asked for: its capture, or why it was left. */
  results: WindowResult[];
  /** From before the first transaction was begun until the last one held, in ms. */
  windowMs: number;
}

export type WindowResult = CaptureOutcome | string;

/** No further database is captured alone after this time. */
const ALONE_MS = 5000;

const CATCH_UPS = 4;
const CAUGHT_UP_MS = 2;

/** A database that has to be copied, and where to. */
interface Candidate {
  index: number;
  source: Source;
  doubt: string | undefined;
  image: string;
}

type Held = Candidate & { pinned: PinnedDatabase };

/**
 * Captures several databases as of one moment: their transactions are begun one right after the
 * other, and only then is anything copied, the smallest database first, each transaction given
 * back as soon as its copy is done. So a large one makes nobody else's log grow.
 *
 * In rollback mode a transaction makes writers wait. Such databases are copied before all others
 * while they are small; if not, or while somebody writes to one, alone, after the others.
 *
 * Where there is not room for all copies at once, the largest are left: the more databases share
 * the moment, the better.
 */
export async function captureWindow({ databases }: WindowJob): Promise<WindowOutcome> {
  const results = databases.map((): WindowResult => "it was not reached");
  const held: Held[] = [];
  const alone: Candidate[] = [];
  try {
    for (const candidate of await candidatesOf(databases, results)) {
      await settling(results, candidate.index, async () => {
        const pinned = mayHold(candidate.source, held) ? await opened(candidate.source) : undefined;
        if (pinned !== undefined) held.push({ ...candidate, pinned });
        else if (!candidate.source.walMode) alone.push(candidate);
        else return "no lock can be had on it just now";
      });
    }
    const windowMs = takeAll(held, alone, results);
    for (const one of held.toSorted(byTurn)) {
      await settling(results, one.index, () => copyHeld(one));
    }
    await copyAlone(alone, results);
    return { results, windowMs };
  } finally {
    for (const { pinned } of held) pinned[Symbol.dispose]();
  }
}

/** Those that have to be copied and have the room for it, smallest first. The others' results are set. */
async function candidatesOf(
  databases: WindowJob["databases"],
  results: WindowResult[],
): Promise<Candidate[]> {
  const known = new Set<string>();
  const found: Array<Omit<Candidate, "image">> = [];
  for (const [index, { path, otherNames }] of databases.entries()) {
    await settling(results, index, async () => {
      const { path: chosen, doubt } = await chooseName(path, otherNames);
      const { source, rests } = await lookWhetherAtRest(chosen);
      const { dev, ino } = source.signature.main;
      if (known.has(`${dev} ${ino}`)) return "it is the same file as another one";
      known.add(`${dev} ${ino}`);
      if (rests) return { ...directOutcome(source), doubt };
      found.push({ index, source, doubt });
    });
  }
  const plan = new RoomPlan();
  const candidates: Candidate[] = [];
  for (const each of found.toSorted((a, b) => roomFor(a.source) - roomFor(b.source))) {
    const place = plan.take(databases[each.index]?.places ?? [], roomFor(each.source));
    if (place === undefined)
      results[each.index] = "there is no room for its copy beside the others";
    else candidates.push({ ...each, image: join(place, "image") });
  }
  return candidates;
}

/** In rollback mode, only while all that writers wait for is short. */
function mayHold(source: Source, held: Held[]): boolean {
  if (source.walMode) return true;
  const others = held.map((one) => one.source).filter((each) => !each.walMode);
  return others.reduce((sum, { size }) => sum + size, source.size) <= SHORT_COPY;
}

function opened({ path }: Source): Promise<PinnedDatabase | undefined> {
  return patiently(async () => {
    const source = await lookAt(path);
    return canPin(source) ? new PinnedDatabase(source) : undefined;
  });
}

/** Begins all transactions; those that do not succeed leave `held`. */
function takeAll(held: Held[], alone: Candidate[], results: WindowResult[]): number {
  catchUp(held);
  const order = held.toSorted((a, b) => byTurn(b, a));
  const failed = new Map<Held, unknown>();
  const start = performance.now();
  let end = start;
  for (const one of order) {
    try {
      one.pinned.take();
      end = performance.now();
    } catch (error) {
      failed.set(one, error);
    }
  }
  for (const [one, error] of failed) {
    one.pinned[Symbol.dispose]();
    held.splice(held.indexOf(one), 1);
    if (one.source.walMode) results[one.index] = messageOf(error);
    else alone.push(one);
  }
  return end - start;
}

/** Opening all of them has taken its time: the less there is to be read in the moment, the shorter it is. */
function catchUp(held: Held[]): void {
  for (let round = 1; round <= CATCH_UPS; round += 1) {
    const start = performance.now();
    for (const { pinned } of held) pinned.catchUp();
    if (performance.now() - start < CAUGHT_UP_MS) return;
  }
}

/** Whom writers wait for first, then the smallest. */
function byTurn(a: Held, b: Held): number {
  return Number(a.source.walMode) - Number(b.source.walMode) || a.pinned.size - b.pinned.size;
}

async function copyHeld({ pinned, image, doubt }: Held): Promise<CaptureOutcome> {
  using held = pinned;
  held.confirm();
  return { ...copyPinned(held, image), doubt };
}

async function copyAlone(alone: Candidate[], results: WindowResult[]): Promise<void> {
  const deadline = performance.now() + ALONE_MS;
  for (const { index, source, doubt, image } of alone) {
    if (performance.now() > deadline) {
      results[index] = "the others took too long";
      continue;
    }
    await settling(results, index, async () => {
      const outcome = await copyTo(source.path, image);
      return { ...outcome, doubt: doubt ?? outcome.doubt };
    });
  }
}

/** Keeps what becomes of one database, if it is settled; a failure leaves it, and no other. */
async function settling(
  results: WindowResult[],
  index: number,
  work: () => Promise<WindowResult | undefined>,
): Promise<void> {
  try {
    results[index] = (await work()) ?? (results[index] as WindowResult);
  } catch (error) {
    results[index] = messageOf(error);
  }
}
