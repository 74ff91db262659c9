import { checkTrees } from "../../snapshot/check-trees.ts";
import type { Snapshot } from "../../snapshot/snapshots.ts";
import { checkOpen } from "../check.ts";
import type { OperationContext } from "../context.ts";
import type { Session } from "../with-repository.ts";
import { count, type Ledger } from "./ledger.ts";

/**
 * The repository's own check, and of it what concerns this snapshot. What is wrong elsewhere does
 * not touch this snapshot, and is no reason to trust the place either.
 */
export async function drillStructure(
  context: OperationContext,
  session: Session,
  snapshot: Snapshot,
  ledger: Ledger,
): Promise<void> {
  const all = await checkOpen(context, session, { readDataShare: 0 });
  const own = await checkTrees(session.repository, [snapshot.tree], session.signal);
  ledger.add(
    "structure",
    "snapshot",
    own.length === 0,
    own.length === 0
      ? "every directory of the snapshot can be read, and every chunk of its files is in the index"
      : `${count(own.length, "item")} of the snapshot cannot be brought back`,
    own.map(({ subject, message }) => `${subject}: ${message}`),
  );
  const seen = `${count(all.snapshots, "snapshot")}, ${count(all.packs, "pack")}, ${count(all.blobs, "blob")}`;
  ledger.add(
    "structure",
    "repository",
    all.ok ? true : null,
    all.ok
      ? `the repository hangs together (${seen})`
      : `the repository is damaged (${count(all.errors.length, "finding")}; \`clawback check\` names them)`,
    all.errors,
  );
}
