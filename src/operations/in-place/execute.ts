import { currentProcess } from "../../fs/process-identity.ts";
import { rewriteCopy } from "../../openclaw/mapping/rewrite-copy.ts";
import type { Done } from "../../openclaw/revival/report.ts";
import { revive } from "../../openclaw/revival/revive.ts";
import { settleSidecars } from "../../openclaw/revival/sidecars.ts";
import { syncTree } from "../../transaction/sync-tree.ts";
import { Transaction } from "../../transaction/transaction.ts";
import type { OperationContext } from "../context.ts";
import { withRepository } from "../with-repository.ts";
import { keepAttributes } from "./attributes.ts";
import { type Built, build } from "./build.ts";
import { copyAsItWas, copyAsItWillBe } from "./copies.ts";
import type { InPlaceDocument } from "./document.ts";
import { exchange } from "./exchange.ts";
import { installPlugins } from "./install-plugins.ts";
import { journalDir } from "./journal-place.ts";
import { refuseOwnPlaces } from "./own-places.ts";
import { pluginsOf, refuseVersion } from "./look-ahead.ts";
import { giveTo } from "./owner.ts";
import type { Swap } from "./merge.ts";
import type { InPlacePlan } from "./plan.ts";
import { replacementsOf } from "./put-in-place.ts";
import { refuseLostSessions } from "./sessions.ts";
import { takeSafetySnapshot } from "./safety.ts";
import { nameThenOf, pathOf } from "./swaps.ts";

/** For tests: told before everything that a transaction changes on the disk. */
interface Hooks {
  onStep?: (what: string) => void;
}

/**
 * Does what was planned, as one transaction: afterwards everything is as the plan says, or as it
 * was. While the new trees are built the gateway runs on.
 *
 * @throws E_RESTORE_OPEN, E_DAMAGED, E_NO_SPACE, E_PERMISSION, E_VERSION, E_OCCUPIED, E_GATEWAY:
 *   nothing has changed then, and the gateway runs as before; E_GATEWAY_DOWN when it does not
 */
export async function executePlan(
  context: OperationContext,
  plan: InPlacePlan,
  hooks: Hooks = {},
): Promise<InPlaceDocument> {
  const begun = performance.now();
  const { destination, options, control, here } = plan;
  const document: InPlaceDocument = { ...plan.document, dryRun: false };
  if (options.safetySnapshot && here.survey !== undefined) {
    const { snapshot, warnings } = await takeSafetySnapshot(here.context);
    document.safetySnapshot = snapshot;
    document.warnings = [...document.warnings, ...warnings];
  }
  await using transaction = await Transaction.begin({
    journalDir: journalDir(context),
    owner: await currentProcess(),
    about: {
      snapshot: document.snapshot,
      stateDir: destination.stateDir,
      places: document.places.map(({ to }) => to),
      start: options.start,
    },
    ...hooks,
  });
  let built: Built;
  try {
    built = await withRepository(context, "read", async (session) => {
      // Its index: what a plan had loaded went with its session.
      await session.repository.loadIndex();
      return build(context, session, transaction, plan, plan.found);
    });
    await makeFit(context, plan, built, document);
    for (const directory of built.directories) {
      context.progress.note("making sure that it is on the disk");
      await syncTree(Buffer.from(directory).toString("latin1"));
    }
    context.signal.throwIfAborted();
  } catch (error) {
    await transaction.revert();
    throw error;
  }
  const exchanged = await exchange(context, transaction, {
    control,
    survey: here.survey,
    start: options.start,
    ready: async () => {
      const now = plan.compare(built.at);
      await refuseOwnPlaces(context, now.swaps);
      refuseLostSessions(plan.sessions);
      // It may be more than was planned: a directory in which something stayed then.
      giveAll(plan, built, now.swaps);
      const configPath = here.survey?.instance.configPath;
      document.changes = now.changes;
      await transaction.prepare(await replacementsOf(transaction, built, now.swaps, configPath));
    },
    afterSwap: async () => {
      document.plugins = await installPlugins(context, plan, document.plugins);
    },
    paths: plan.found.swaps.map(pathOf),
  });
  return {
    ...document,
    files: built.files,
    bytes: built.bytes,
    verified: true,
    downtime: exchanged.downtimeMs === null ? null : exchanged.downtimeMs / 1000,
    warnings: [...document.warnings, ...built.warnings, ...exchanged.warnings],
    duration: (performance.now() - begun) / 1000,
  };
}

/** Makes the new trees what can live here: their paths, leftovers of the old machine, their owner. */
async function makeFit(
  context: OperationContext,
  plan: InPlacePlan,
  built: Built,
  document: InPlaceDocument,
): Promise<void> {
  const { destination, manifest, options, found } = plan;
  const { mappings } = destination;
  const copy = copyAsItWillBe(manifest, destination, built.at);
  let settled: Done[] = [];
  if (mappings.length > 0) {
    const asItWas = copyAsItWas(manifest, built.at);
    // Before a database is opened: a log beside it is judged by the times of both.
    settled = (await settleSidecars(asItWas)).done;
    const rewriting = { words: options.rewriteWords, signal: context.signal };
    document.mapping = await rewriteCopy(asItWas, mappings, rewriting);
    const { remaining } = document.mapping;
    document.warnings = [
      ...document.warnings,
      ...remaining.map(({ path, at }) => `${path} still names the old place${at && ` (${at})`}`),
    ];
  }
  await refuseVersion(context, copy);
  const { done, told } = await revive(copy, {
    newIdentity: options.newIdentity,
    beside: false,
    keepDeliveries: false,
    now: context.now(),
  });
  document.revival = { done: [...settled, ...done], told };
  document.plugins = await pluginsOf(copy);
  giveAll(plan, built, found.swaps);
  document.warnings = [...document.warnings, ...(await keepAttributes(found.swaps, built.at))];
}

function giveAll({ owner }: InPlacePlan, built: Built, swaps: readonly Swap[]): void {
  for (const { place, relative, isInSnapshot } of swaps) {
    if (isInSnapshot) giveTo(owner, place, relative, built.at(nameThenOf({ place, relative })));
  }
}
