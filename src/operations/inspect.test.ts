import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  makeOddInstance,
  type OddInstance,
  oddInstance,
} from "../../test/fixtures/odd-instance.ts";
import { newRepository, temporaryFolder } from "../../test/support/archives.ts";
import { operationContext } from "../../test/support/operation-context.ts";
import { listSnapshots } from "../snapshot/snapshots.ts";
import { backupOpen } from "./backup.ts";
import { openCaptureSite } from "./capture-site.ts";
import type { OperationContext } from "./context.ts";
import type { InspectDocument } from "./documents.ts";
import { inspect } from "./inspect.ts";
import { type Manifest, readManifest } from "./manifest.ts";
import { openSource } from "./source.ts";
import { surveyInstance } from "./survey.ts";

/** A backup into memory, without a lock. */
async function manifestOfBackup(
  context: OperationContext,
  exclude: readonly string[],
): Promise<Manifest> {
  const options = {
    components: [],
    agents: [],
    exclude,
    tags: [],
    verify: false,
    gateway: "keep-running" as const,
    dryRun: false,
  };
  const survey = await surveyInstance(context);
  await using site = await openCaptureSite(context, options);
  const source = await openSource(context, survey, site, { components: [], agents: [], exclude });
  const repository = await newRepository();
  const session = { repository, assertHeld: () => {}, signal: context.signal };
  await backupOpen(context, session, site, source, options);
  const snapshot = (await listSnapshots(repository)).at(-1);
  return (await readManifest(repository, snapshot?.tree ?? "")) as Manifest;
}

function byPath<T extends { path: string }>(list: readonly T[]): T[] {
  return list.toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

function sum(list: readonly { files: number; bytes: number }[]) {
  const add = (key: "files" | "bytes") => list.reduce((all, each) => all + each[key], 0);
  return { files: add("files"), bytes: add("bytes") };
}

function expectSameNumbers(inspected: InspectDocument, manifest: Manifest): void {
  expect(
    inspected.components.map(({ component, files, bytes }) => ({ component, files, bytes })),
  ).toEqual(manifest.components);
  expect(byPath(inspected.excluded)).toEqual(byPath(manifest.excluded));
  const isDatabase = ({ bytes }: { bytes: number }) => bytes > 0;
  const found = byPath(inspected.databases.filter(isDatabase));
  expect(found.map(({ path, bytes }) => ({ path, bytes }))).toEqual(
    manifest.databases.map(({ path, size }) => ({ path, bytes: size })),
  );
  expect(inspected.counts).toEqual(manifest.counts);
  expect(sum(inspected.items)).toEqual(sum(manifest.components));
}

/** Its other name has no log beside it, and its length is no whole number of pages. */
const CUT_WITH_TWO_NAMES: OddInstance = {
  layout: "B",
  workspaceElsewhere: false,
  things: [
    {
      database: { rows: 91, pageSize: 512, journal: "log-left", harm: "cut" },
      at: { place: "workspace/notes", name: "d" },
    },
    { hardLinkTo: 0, at: { place: "invented/deep/down", name: "two words" } },
  ],
  exclude: [],
};

test("what inspect counts is what a backup takes, to the byte", { timeout: 240_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(oddInstance, async (odd) => {
      using folder = temporaryFolder();
      const home = folder.at("home");
      await makeOddInstance(odd, join(home, ".openclaw"));
      const context = operationContext(home);
      const inspected = await inspect(context, { exclude: odd.exclude });
      const manifest = await manifestOfBackup(context, odd.exclude);
      expectSameNumbers(inspected, manifest);
    }),
    // Ends at the first failure, and says the seed: each shrinking step is a whole backup.
    {
      numRuns: 15,
      endOnFailure: true,
      interruptAfterTimeLimit: 120_000,
      examples: [[CUT_WITH_TWO_NAMES]],
    },
  );
});
