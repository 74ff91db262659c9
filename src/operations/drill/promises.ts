import type { Repository } from "../../repository/repository.ts";
import { parseTime } from "../../snapshot/go-time.ts";
import type { Snapshot } from "../../snapshot/snapshots.ts";
import type { Inventory } from "../inventory.ts";
import { type Manifest, MANIFEST_DIRECTORY } from "../manifest.ts";
import { differences } from "../snapshot-digest.ts";
import { count, type Ledger, type Outcome } from "./ledger.ts";

/** Whether there is a manifest, it is this snapshot's, and the snapshot is what it was then. */
export async function checkManifest(
  repository: Repository,
  snapshot: Snapshot,
  manifest: Manifest | undefined,
  ledger: Ledger,
): Promise<void> {
  if (manifest === undefined) {
    const isOurs = snapshot.programVersion?.startsWith("clawback ") === true;
    const evidence = isOurs
      ? "its manifest is gone or cannot be read"
      : "it was not taken by Clawback and has no manifest: what it ought to hold is not known";
    ledger.add("content", "manifest", isOurs ? false : null, evidence);
    return;
  }
  const isOfThis =
    Date.parse(manifest.created) === Number(parseTime(snapshot.time) / 1_000_000n) &&
    isGroupOf(snapshot.paths[0], manifest.instance.stateDir);
  ledger.add(
    "content",
    "manifest",
    isOfThis,
    isOfThis
      ? "its manifest is there, and of this snapshot"
      : "its manifest is of another snapshot",
  );
  await checkDigest(repository, snapshot, manifest, ledger);
}

/** A snapshot of a part has the part's name behind a `#`. */
function isGroupOf(path: string | undefined, stateDir: string): boolean {
  return path === stateDir || path?.startsWith(`${stateDir}#`) === true;
}

async function checkDigest(
  repository: Repository,
  { tree }: Snapshot,
  { digest }: Manifest,
  ledger: Ledger,
): Promise<void> {
  if (digest === undefined) {
    const evidence = "its manifest is of a version that kept no digest: a change would go unseen";
    ledger.add("content", "digest", null, evidence);
    return;
  }
  const where = await differences(repository, tree, MANIFEST_DIRECTORY, digest);
  ledger.add(
    "content",
    "digest",
    where.length === 0,
    where.length === 0
      ? "names, modes, links and contents are those that the manifest was written for"
      : "it was changed after it was taken",
    where.map((path) => `something in ${path} is not what was backed up`),
  );
}

/** A snapshot of everything that holds nothing comes back well, and brings nobody back. */
function checkSubstance({ scope, agents, databases, counts }: Manifest, ledger: Ledger): void {
  if (scope !== "all" || agents !== null) return;
  const { sessions = 0, transcriptFiles = 0 } = counts;
  const isEmpty = databases.length + sessions + transcriptFiles === 0;
  ledger.add(
    "content",
    "substance",
    isEmpty ? null : true,
    isEmpty
      ? "there is no database and no conversation in it: nothing that an agent is made of"
      : "what agents are made of is in it",
  );
}

/** What the manifest itself admits: that something is missing, or was damaged before. */
export function checkAdmissions(manifest: Manifest, ledger: Ledger): void {
  const { complete, errors, damaged, scope, agents } = manifest;
  const what = scope === "all" && agents === null ? "the instance" : "what was asked for";
  ledger.add(
    "content",
    "complete",
    complete && errors.length === 0 ? true : null,
    complete && errors.length === 0
      ? `all of ${what} was taken`
      : `it is incomplete: ${count(errors.length, "thing")} could not be taken as it should be`,
    errors.map(({ path, message }) => `${path}: ${message}`),
  );
  const ok: Outcome =
    damaged.length === 0 ? true : damaged.some(({ serious }) => serious) ? false : null;
  ledger.add(
    "content",
    "source",
    ok,
    damaged.length === 0
      ? "no damage was seen where it was taken from"
      : `${count(damaged.length, "file")} ${damaged.length === 1 ? "was" : "were"} damaged already when it was taken`,
    damaged.map(({ path, message }) => `${path}: ${message}`),
  );
  checkSubstance(manifest, ledger);
}

export interface Found {
  inventory: Inventory;
  /** Rows by table, by the database's path. */
  tables: ReadonlyMap<string, Readonly<Record<string, number | null>>>;
  /** A file of the snapshot lists sessions or jobs, and was counted where it lay live. */
  hasLists: boolean;
  /** Where the bytes of a path are. */
  at: (path: string) => string;
}

/** Whether what was restored is, in numbers, what the manifest tells of. */
export function checkPromises(manifest: Manifest, found: Found, ledger: Ledger): void {
  const missing: string[] = [];
  const components = new Map(found.inventory.components().map((each) => [each.component, each]));
  for (const { component, files, bytes } of manifest.components) {
    const now = components.get(component) ?? { files: 0, bytes: 0 };
    components.delete(component);
    if (now.files === files && now.bytes === bytes) continue;
    missing.push(
      `${component}: ${count(now.files, "file")} of ${now.bytes} bytes, the manifest tells of ${files} of ${bytes}`,
    );
  }
  for (const [component, { files }] of components) {
    missing.push(`${component}: ${count(files, "file")}, the manifest tells of none`);
  }
  const counted = found.inventory.counts(found.tables, manifest.channels.length, found.at);
  for (const [what, before] of Object.entries(manifest.counts)) {
    // Those files may have changed between their being taken and their being counted.
    if (found.hasLists && (what === "sessions" || what === "cronJobs")) continue;
    const now = counted[what];
    if (now !== undefined && now !== before) missing.push(`${what}: ${now}, and were ${before}`);
  }
  const { sessions = 0, cronJobs = 0, files = 0 } = counted;
  ledger.add(
    "content",
    "counts",
    missing.length === 0,
    missing.length === 0
      ? `as many of everything as the manifest tells of (${count(files, "file")}, ${count(sessions, "session")}, ${count(cronJobs, "cron job")})`
      : "there is not as much of everything as the manifest tells of",
    missing,
  );
}
