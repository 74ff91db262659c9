import { statSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { backup } from "../../src/operations/backup.ts";
import type { OperationContext } from "../../src/operations/context.ts";
import type { BackupDocument, DrillLevel } from "../../src/operations/documents.ts";
import type { DrillDocument } from "../../src/operations/drill/document.ts";
import { drill } from "../../src/operations/drill/drill.ts";
import { Repository } from "../../src/repository/repository.ts";
import { listSnapshots, type Snapshot } from "../../src/snapshot/snapshots.ts";
import { findEntry } from "../../src/snapshot/tree-walker.ts";
import { LocalStorage } from "../../src/storage/local.ts";
import { makeLayoutC, type MadeInstance } from "../fixtures/instances.ts";
import { operationContext } from "../support/operation-context.ts";
import { type Edit, rewriteSnapshot } from "./rewriting.ts";

export const PASSWORD = "hunter2 and a lobster";

/** A machine without OpenClaw's program, with an instance of it and a repository. */
export class DrillPlace implements AsyncDisposable {
  readonly root: string;
  readonly context: OperationContext;
  readonly made: MadeInstance;
  readonly warnings: string[];

  private constructor(
    root: string,
    context: OperationContext,
    made: MadeInstance,
    warnings: string[],
  ) {
    this.root = root;
    this.context = context;
    this.made = made;
    this.warnings = warnings;
  }

  /** @param init make the repository */
  static async create(given: Partial<OperationContext> = {}, init = true): Promise<DrillPlace> {
    const root = await mkdtemp(join(tmpdir(), "clawback-drill-"));
    const home = join(root, "home");
    await mkdir(home, { mode: 0o700 });
    const warnings: string[] = [];
    const context = operationContext(home, {
      location: join(root, "repository"),
      passwords: () => Promise.resolve([PASSWORD]),
      warn: (message) => void warnings.push(message),
      ...given,
    });
    const made = await makeLayoutC(join(home, ".openclaw"));
    if (init) await Repository.init(new LocalStorage(context.location), PASSWORD);
    return new DrillPlace(root, context, made, warnings);
  }

  /** A path of the state directory. */
  state(...parts: string[]): string {
    return join(this.made.stateDir, ...parts);
  }

  open(): Promise<Repository> {
    return Repository.open(new LocalStorage(this.context.location), [PASSWORD]);
  }

  backup(): Promise<BackupDocument> {
    return backup(this.context, {
      components: [],
      agents: [],
      exclude: [],
      tags: [],
      verify: true,
      gateway: "keep-running",
      dryRun: false,
    });
  }

  drill(level: DrillLevel = "content", snapshot = "latest"): Promise<DrillDocument> {
    return drill(this.context, { snapshot, level, fetch: false, sandbox: undefined });
  }

  /**
   * Writes the snapshot anew with something in it changed, its manifest and its time kept: what a
   * program does that is broken, or up to no good, and knows the format well.
   *
   * @returns the new snapshot's id
   */
  async rewrite(snapshot: string, edits: readonly Edit[]): Promise<string> {
    return rewriteSnapshot(await this.open(), snapshot, edits);
  }

  /** As `restic forget` does. */
  async forget(snapshot: string): Promise<void> {
    await rm(join(this.context.location, "snapshots", snapshot));
  }

  /** Files of the repository. */
  async files(kind: "data" | "index" | "snapshots"): Promise<string[]> {
    const place = join(this.context.location, kind);
    const entries = await readdir(place, { recursive: true, withFileTypes: true });
    return entries.filter((each) => each.isFile()).map((each) => join(each.parentPath, each.name));
  }

  /** Largest first. */
  async packs(): Promise<string[]> {
    const size = (path: string) => statSync(path).size;
    return (await this.files("data")).sort((a, b) => size(b) - size(a));
  }

  /** Where in which pack the first chunk of a file lies. */
  async chunkOf(path: string): Promise<{ file: string; offset: number }> {
    const repository = await this.open();
    await repository.loadIndex();
    const { tree } = (await listSnapshots(repository)).at(-1) as Snapshot;
    const entry = await findEntry(repository, tree, Buffer.from(path));
    const { pack, offset } = repository.index.locate("data", entry?.node.content?.[0] ?? "");
    return { file: join(this.context.location, "data", pack.slice(0, 2), pack), offset };
  }

  /** What a drill has left behind among its scratch files. */
  async leftovers(): Promise<string[]> {
    return readdir(join(this.context.places.cacheDir, "scratch")).catch(() => []);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.root, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** The names of the checks that are not well. */
export function complaints({ checks }: DrillDocument): string[] {
  return checks.filter(({ ok }) => ok !== true).map(({ name }) => name);
}
