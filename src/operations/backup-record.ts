import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { countedIn, entriesIn, summarise } from "../openclaw/facts.ts";
import type { Root } from "../openclaw/roots.ts";
import type { Component } from "../openclaw/rules.ts";
import type { ArchivedFile, WalkResult } from "../snapshot/archiver.ts";
import { programVersion } from "../version.ts";
import type { ComponentSize, DatabaseCapture, Exclusion, PathProblem } from "./documents.ts";
import type { InstanceDatabases } from "./instance-databases.ts";
import type { Manifest } from "./manifest.ts";
import type { KnownRoot, RootIndex } from "./root-index.ts";
import type { Survey } from "./survey.ts";

/** Keeps account of a backup: what the manifest and the summary say comes from here. */
export class BackupRecord {
  readonly #survey: Survey;
  readonly #roots: RootIndex;
  readonly #databases: InstanceDatabases;
  readonly #scope: readonly Component[];
  readonly #sizes = new Map<string, ComponentSize>();
  /** Those whose names tell what they hold; the rest is only counted. */
  readonly #telling: { path: string; size: number }[] = [];
  /** Small files that hold a list of something worth counting. */
  readonly #lists: string[] = [];
  /** Databases by their names, without a byte in them. */
  readonly #hollow: string[] = [];

  constructor(
    survey: Survey,
    roots: RootIndex,
    databases: InstanceDatabases,
    scope: readonly Component[],
  ) {
    this.#survey = survey;
    this.#roots = roots;
    this.#databases = databases;
    this.#scope = scope;
  }

  add({ path, size }: ArchivedFile): void {
    const text = path.toString();
    const component = this.#roots.classify(text, false)?.component ?? "other";
    const sum = this.#sizes.get(component) ?? { component, files: 0, bytes: 0 };
    this.#sizes.set(component, { component, files: sum.files + 1, bytes: sum.bytes + size });
    if (/\.(jsonl|zst|md)$/.test(text)) this.#telling.push({ path: text, size });
    if (countedIn(text) !== undefined) this.#lists.push(text);
    if (size === 0 && component === "database" && /\.(sqlite3?|db)$/.test(text)) {
      this.#hollow.push(text);
    }
  }

  /** Largest first. */
  components(): ComponentSize[] {
    return [...this.#sizes.values()].sort((a, b) => b.bytes - a.bytes);
  }

  databases(): DatabaseCapture[] {
    return this.#databases.entries().map(({ path, consistent, pages, facts }) => ({
      path,
      consistent,
      pages,
      tables: Object.keys(facts?.tables ?? {}).length,
    }));
  }

  excluded({ leftOut }: WalkResult): Exclusion[] {
    return leftOut.map(({ path, ...rest }) => ({ path: path.toString(), ...rest }));
  }

  /** What belongs to the instance and is not in the snapshot as it should be. */
  errors({ failures, changedWhileRead }: WalkResult): PathProblem[] {
    const inconsistent = this.#databases.entries().filter(({ consistent }) => !consistent);
    const known = new Set(this.#databases.entries().map(({ path }) => path));
    const errors: PathProblem[] = [
      ...this.#survey.problems.map(({ path, message }) => ({ path, message })),
      ...failures.map(({ path, message }) => ({ path: path.toString(), message })),
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

  warnings(): string[] {
    const found = this.#databases
      .entries()
      .flatMap(({ path, problems }) => problems.map((problem) => `${path}: ${problem}`));
    return [...this.#hollow.map((path) => `${path}: a database by its name, but empty`), ...found];
  }

  manifest(result: WalkResult, now: Date): Manifest {
    const { instance, roots, channels, version } = this.#survey;
    const databases = this.#databases.entries();
    const counts = summarise({
      databases: new Map(databases.map(({ path, facts }) => [path, facts?.tables ?? {}])),
      files: this.#telling,
      entries: new Map(this.#lists.map((path) => [path, entriesOf(path)])),
      channels: channels.length,
    });
    const { files } = result;
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
      complete: this.errors(result).length === 0,
      scope: this.#scope.length === 0 ? "all" : [...this.#scope],
      roots: roots.map(knownRoot),
      components: this.components(),
      databases,
      counts: {
        ...counts,
        files: files.new + files.changed + files.unchanged,
        bytes: result.bytesScanned,
      },
      channels,
      excluded: this.excluded(result),
      errors: this.errors(result),
      vanished: result.vanished.map(String),
      changedWhileRead: result.changedWhileRead.map(String),
    };
  }
}

function knownRoot(root: Root): KnownRoot {
  const { kind, path, realPath, component, secret, nested, statePath, why, isDirectory } = root;
  return {
    kind,
    path,
    realPath,
    component,
    secret,
    nested,
    why,
    isDirectory,
    ...(statePath !== undefined && { statePath }),
  };
}

/** A file that went away meanwhile has none. */
function entriesOf(path: string): number {
  try {
    return entriesIn(readFileSync(path, "utf8"));
  } catch {
    return 0;
  }
}
