import { extname } from "node:path";
import { SIDECAR_SUFFIXES } from "../../capture/database.ts";
import { countedIn, hollowness } from "../../openclaw/facts.ts";
import type { ContentFinding, ContentFormat } from "../../snapshot/content-format.ts";
import type { Snapshot } from "../../snapshot/snapshots.ts";
import { type TreeEntry, walkTree } from "../../snapshot/tree-walker.ts";
import type { OperationContext } from "../context.ts";
import { Inventory } from "../inventory.ts";
import { type Manifest, MANIFEST_DIRECTORY } from "../manifest.ts";
import { RootIndex } from "../root-index.ts";
import type { Session } from "../with-repository.ts";
import { checkDatabases } from "./databases.ts";
import { FileProver, type ProvenEntry } from "./file-proof.ts";
import { count, type Ledger, type Outcome, worst } from "./ledger.ts";
import { checkAdmissions, checkManifest, checkPromises } from "./promises.ts";
import { isDrilled, type RestoredCopy } from "./restored-copy.ts";

/** Reads back everything that was restored, and compares it with the snapshot and its manifest. */
export async function drillContent(
  { progress }: OperationContext,
  session: Session,
  snapshot: Snapshot,
  manifest: Manifest | undefined,
  copy: RestoredCopy,
  ledger: Ledger,
): Promise<void> {
  const { repository, signal } = session;
  await checkManifest(repository, snapshot, manifest, ledger);
  if (manifest !== undefined) checkAdmissions(manifest, ledger);
  const { faults } = copy.result;
  ledger.add(
    "content",
    "restored",
    faults.length === 0,
    faults.length === 0
      ? `${count(copy.result.files, "file")} were restored, every chunk proven by its hash`
      : `${count(faults.length, "item")} could not be restored as it was`,
    faults.map(({ path, message }) => `${path.toString()}: ${message}`),
  );
  const roots = new RootIndex(manifest?.roots ?? []);
  const seen = new ContentReading(roots, copy.directory);
  progress.start("Reading back", { files: copy.result.files, bytes: copy.result.bytes });
  try {
    await using prover = new FileProver(
      repository,
      copy.directory,
      (proven) => {
        seen.add(proven);
        progress.add({ files: 1, bytes: Number(proven.entry.node.size ?? 0n) });
      },
      signal,
    );
    // What is damaged was told of by the restore.
    for await (const entry of walkTree(repository, snapshot.tree, undefined, () => {})) {
      if (!isDrilled(entry.node.type)) continue;
      seen.meet(entry);
      await prover.add(entry, seen.formatOf(entry));
    }
    await prover.finish();
  } finally {
    progress.finish();
  }
  seen.tell(ledger);
  const at = (path: string) => copy.directory + path;
  const tables = await checkDatabases(
    {
      known: manifest?.databases ?? [],
      found: seen.databases,
      sidecars: seen.sidecars,
      at,
      matters: (path) => seen.matters(path),
      signal,
    },
    ledger,
  );
  if (manifest === undefined) return;
  checkPromises(
    manifest,
    { inventory: seen.inventory, tables, hasLists: seen.hasLists, at },
    ledger,
  );
}

const BY_NAME: Readonly<Record<string, ContentFormat>> = {
  ".json": "json5",
  ".json5": "json5",
  ".jsonl": "jsonl",
};
const OWN = Buffer.from(`/${MANIFEST_DIRECTORY}`);

/** What the walk through a snapshot and the reading back of its files bring to light. */
class ContentReading {
  readonly inventory: Inventory;
  /** By path: where they were restored to. */
  readonly databases = new Map<string, Buffer>();
  readonly sidecars = new Set<string>();
  hasLists = false;
  readonly #roots: RootIndex;
  readonly #directory: Buffer;
  #files = 0;
  #bytes = 0;
  #parsed = 0;
  readonly #wrong: string[] = [];
  readonly #malformed: { outcome: Outcome; detail: string }[] = [];

  constructor(roots: RootIndex, directory: string) {
    this.#roots = roots;
    this.#directory = Buffer.from(directory);
    this.inventory = new Inventory(roots);
  }

  /** A file of the user's own may be anything; what OpenClaw reads must be whole. */
  matters(path: string): boolean {
    const component = this.#roots.classify(path, false)?.component ?? "other";
    return component !== "workspace" && component !== "other";
  }

  meet({ path, node }: TreeEntry): void {
    if (node.type !== "file" || path.subarray(0, OWN.length).equals(OWN)) return;
    const name = path.toString();
    const size = Number(node.size ?? 0n);
    this.#files++;
    this.#bytes += size;
    this.inventory.add(name, size);
    if (countedIn(name) !== undefined) this.hasLists = true;
    if (SIDECAR_SUFFIXES.some((suffix) => name.endsWith(suffix))) this.sidecars.add(name);
    const hollow = size === 0 ? hollowness(name, undefined, 0) : undefined;
    if (hollow !== undefined) this.#malformed.push({ outcome: null, detail: `${name}: ${hollow}` });
  }

  /** What a file must parse as: what OpenClaw reads by rule, and what calls itself JSON beside it. */
  formatOf({ path, node }: TreeEntry): ContentFormat | undefined {
    if (node.type !== "file") return undefined;
    const name = path.toString();
    const format = this.#roots.classify(name, false)?.content;
    if (format !== undefined || !this.matters(name)) return format;
    return BY_NAME[extname(name)];
  }

  add({ entry, problem, isDatabase, content }: ProvenEntry): void {
    const path = entry.path.toString();
    if (problem !== undefined) this.#wrong.push(`${path}: ${problem}`);
    if (isDatabase) this.databases.set(path, Buffer.concat([this.#directory, entry.path]));
    if (content !== undefined) this.#judge(path, content);
  }

  #judge(path: string, { lines, damaged, problem }: ContentFinding): void {
    this.#parsed++;
    if (problem === undefined) return;
    // A line of many is a loss; a file that cannot be read at all is no longer what it was.
    const isVital = this.#roots.classify(path, false)?.content !== undefined;
    const outcome = damaged > 0 && lines === 0 && isVital && this.matters(path) ? false : null;
    this.#malformed.push({ outcome, detail: `${path}: ${problem}` });
  }

  tell(ledger: Ledger): void {
    const ok = this.#wrong.length === 0;
    ledger.add(
      "content",
      "files",
      ok,
      ok
        ? `${count(this.#files, "file")}, ${this.#bytes} bytes, read back: every hash, mode and link is right`
        : `${count(this.#wrong.length, "item")} came back other than it was`,
      this.#wrong.sort(),
    );
    const formats = worst(this.#malformed.map(({ outcome }) => outcome));
    ledger.add(
      "content",
      "formats",
      formats,
      formats === true
        ? `${count(this.#parsed, "file")} parsed: configuration, JSON and JSONL`
        : `${count(this.#malformed.length, "file")} cannot be read by whoever needs it`,
      this.#malformed.map(({ detail }) => detail).sort(),
    );
  }
}
