import { hostname } from "node:os";
import { hollowness } from "../openclaw/facts.ts";
import type { Root } from "../openclaw/roots.ts";
import type { ArchivedFile, ArchiveResult, WalkResult } from "../snapshot/archive-options.ts";
import { programVersion } from "../version.ts";
import { DamageReport } from "./damage-report.ts";
import type { BackupDocument, DatabaseCapture, Exclusion, PathProblem } from "./documents.ts";
import type { InstanceCapture } from "./instance-capture.ts";
import { Inventory } from "./inventory.ts";
import type { Manifest } from "./manifest.ts";
import type { KnownRoot } from "./root-index.ts";
import { DigestBuilder } from "./snapshot-digest.ts";
import type { BackupSource } from "./source.ts";

/** Keeps account of a backup: what the manifest and the summary say comes from here. */
export class BackupRecord {
  readonly #source: BackupSource;
  readonly #capture: InstanceCapture;
  readonly #inventory: Inventory;
  readonly #damage: DamageReport;
  readonly #digest: DigestBuilder;
  /** Databases by their names, without a byte in them. */
  readonly #hollow: string[] = [];

  /** @param before the manifest of the snapshot before: what it says of unchanged files still holds */
  constructor(source: BackupSource, capture: InstanceCapture, before: Manifest | undefined) {
    this.#source = source;
    this.#capture = capture;
    this.#inventory = new Inventory(source.roots);
    this.#damage = new DamageReport(source.roots, before?.damaged ?? []);
    this.#digest = new DigestBuilder(source.roots);
  }

  add(file: ArchivedFile): void {
    const path = file.path.toString();
    this.#inventory.add(path, file.size);
    this.#damage.add(path, file);
    const hollow = file.size === 0 ? hollowness(path, undefined, 0) : undefined;
    if (hollow !== undefined) this.#hollow.push(`${path}: ${hollow}`);
  }

  addDirectory(path: Buffer, tree: string): void {
    this.#digest.add(path.toString(), tree);
  }

  document(result: ArchiveResult): BackupDocument {
    const { files, bytesScanned, bytesAdded, bytesStored } = result;
    return {
      snapshot: null,
      files,
      bytes: { scanned: bytesScanned, added: bytesAdded, stored: bytesStored },
      components: this.#inventory.components(),
      databases: this.#databases(),
      excluded: this.#excluded(result),
      errors: this.#errors(result),
      damaged: this.#damage.of(this.#capture.entries()),
      notes: this.#source.selection.notes(),
      warnings: this.#warnings(),
      downtime: null,
      duration: 0,
    };
  }

  /** @param tree id of the root tree without the manifest */
  manifest(result: WalkResult, tree: string, now: Date): Manifest {
    const { survey, wanted, excludes } = this.#source;
    const { instance, roots, channels, version } = survey;
    const databases = this.#capture.entries();
    const tables = new Map(databases.map(({ path, facts }) => [path, facts?.tables ?? {}]));
    const errors = this.#errors(result);
    return {
      version: 1,
      program: `clawback ${programVersion()}`,
      created: now.toISOString(),
      instance: {
        name: instance.name,
        stateDir: instance.stateDir,
        configPath: instance.configPath ?? null,
        openclaw: { installed: version.installed ?? null, recorded: version.recorded ?? null },
        hostname: hostname(),
        home: instance.home,
      },
      complete: errors.length === 0,
      scope: wanted.components.length === 0 ? "all" : [...wanted.components],
      agents: wanted.agents.length === 0 ? null : [...wanted.agents],
      moment: this.#capture.moment ?? null,
      roots: roots.map(knownRoot),
      components: this.#inventory.components(),
      databases,
      counts: this.#inventory.counts(tables, channels.length),
      channels,
      excluded: this.#excluded(result),
      excludes: { settings: [...excludes.settings], flags: [...excludes.flags] },
      errors,
      damaged: this.#damage.of(databases),
      vanished: result.vanished.map(String),
      changedWhileRead: result.changedWhileRead.map(String),
      digest: this.#digest.digest(tree),
    };
  }

  #databases(): DatabaseCapture[] {
    return this.#capture.entries().map(({ path, consistent, pages, facts, verification }) => ({
      path,
      consistent,
      pages,
      tables: Object.keys(facts?.tables ?? {}).length,
      sound: verification.checked ? verification.ok : null,
    }));
  }

  #excluded({ leftOut }: WalkResult): Exclusion[] {
    const walked = leftOut.map(({ path, ...rest }) => ({ path: path.toString(), ...rest }));
    return [...walked, ...this.#source.survey.left];
  }

  /** What belongs to the instance and is not in the snapshot as it should be. */
  #errors({ failures, changedWhileRead }: WalkResult): PathProblem[] {
    const databases = this.#capture.entries();
    const inconsistent = databases.filter(({ consistent }) => !consistent);
    const known = new Set(databases.map(({ path }) => path));
    const errors: PathProblem[] = [
      ...this.#source.survey.problems.map(({ path, message }) => ({ path, message })),
      ...failures.map(({ path, message }) => ({ path: path.toString(), message })),
      ...this.#capture.restless,
      ...inconsistent.map(({ path, reason }) => ({
        path,
        message: `taken, but not proven consistent: ${reason ?? "it changed all the time"}`,
      })),
      // Of a text file the prefix is a sound copy; of a database only a confirmed image is.
      ...changedWhileRead
        .map((path) => path.toString())
        .filter((path) => known.has(path))
        .map((path) => ({ path, message: "taken, but it changed during every attempt" })),
    ];
    // Threads end in any order; people and scripts compare runs.
    return errors.sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  #warnings(): string[] {
    const found = this.#capture
      .entries()
      .flatMap(({ path, size, facts, problems, verification }) => {
        const hollow = hollowness(path, facts?.tables, size);
        const orphans = verification.ok ? verification.findings : [];
        const all = [...(hollow === undefined ? [] : [hollow]), ...problems, ...orphans];
        return all.map((each) => `${path}: ${each}`);
      });
    const moment = this.#capture.moment;
    return [
      ...this.#hollow,
      ...found,
      ...(moment?.configurationRested === false
        ? ["the configuration was written to again and again while the databases were taken"]
        : []),
      ...this.#source.selection.warnings(),
    ];
  }
}

function knownRoot(root: Root): KnownRoot {
  const { alsoNamed: _, ...known } = root;
  return known;
}
