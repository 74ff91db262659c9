import { randomInt } from "node:crypto";
import { hasCode, messageOf } from "../errors.ts";
import { type CheckFault, readPacks, surveyIndex } from "../repository/check-packs.ts";
import { shortId } from "../repository/ids.ts";
import { checkTrees } from "../snapshot/check-trees.ts";
import { loadSnapshot } from "../snapshot/snapshots.ts";
import type { OperationContext } from "./context.ts";
import type { CheckDocument } from "./documents.ts";
import { isCompanion } from "./snapshot-documents.ts";
import { type Session, withRepository } from "./with-repository.ts";

export interface CheckOptions {
  /** How much of the packs to read and prove: 0 none, 1 all, between: so large a share, drawn by lot. */
  readDataShare: number;
}

/** Is the repository whole: every snapshot's trees, every blob they need, and if asked every byte. */
export async function check(
  context: OperationContext,
  options: CheckOptions,
): Promise<CheckDocument> {
  return withRepository(context, "read", (session) => checkOpen(context, session, options));
}

/** The same for a repository that is open and locked. */
export async function checkOpen(
  context: OperationContext,
  { repository, signal }: Session,
  { readDataShare }: CheckOptions,
): Promise<CheckDocument> {
  const begun = performance.now();
  const faults: CheckFault[] = [];
  // Snapshots first: whatever another host adds meanwhile is in an index that is read later.
  const trees: string[] = [];
  let companions = 0;
  for await (const { name } of repository.storage.list("snapshot")) {
    try {
      const snapshot = await loadSnapshot(repository, name);
      trees.push(snapshot.tree);
      if (isCompanion(snapshot)) companions++;
    } catch (error) {
      if (!hasCode(error, "E_DAMAGED")) throw error;
      faults.push({ kind: "snapshot", subject: name, message: messageOf(error) });
    }
  }
  for await (const { name } of repository.storage.list("key")) {
    if (!(await repository.keyIsIntact(name))) {
      faults.push({ kind: "key", subject: name, message: "it does not match its name" });
    }
  }
  const survey = await surveyIndex(repository);
  faults.push(...survey.faults, ...(await checkTrees(repository, trees, signal)));
  const packs = [...survey.packs.values()];
  const wanted = draw(packs, Math.ceil(packs.length * readDataShare));
  const read =
    wanted.length === 0
      ? { bytesRead: 0, faults: [] }
      : await readPacks(repository, wanted, context.progress, signal);
  faults.push(...read.faults);
  return {
    ok: faults.length === 0,
    errors: faults.map(sentence),
    snapshots: trees.length - companions,
    packs: packs.length,
    blobs: survey.blobs,
    unnamedPacks: survey.unnamedPacks.length,
    bytesRead: read.bytesRead,
    duration: (performance.now() - begun) / 1000,
  };
}

/** So many of them, by lot. */
function draw<T>(items: readonly T[], count: number): T[] {
  const pool = [...items];
  for (let i = 0; i < count; i++) {
    const j = randomInt(i, pool.length);
    [pool[i], pool[j]] = [pool[j] as T, pool[i] as T];
  }
  return pool.slice(0, count);
}

function sentence({ kind, subject, message }: CheckFault): string {
  const name = /^[0-9a-f]{64}$/.test(subject) ? shortId(subject) : subject;
  return `${kind} ${name}: ${message}`;
}
