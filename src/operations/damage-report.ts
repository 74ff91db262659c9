import type { ArchivedFile } from "../snapshot/archive-options.ts";
import type { DamagedSource } from "./documents.ts";
import type { ManifestDatabase } from "./manifest.ts";
import type { RootIndex } from "./root-index.ts";

/** What was damaged already where it was taken from. It is kept all the same, and told of loudly. */
export class DamageReport {
  readonly #roots: RootIndex;
  readonly #before: Map<string, DamagedSource>;
  readonly #files: DamagedSource[] = [];

  /** @param before of the snapshot before: a file that was not read again is what it was then */
  constructor(roots: RootIndex, before: readonly DamagedSource[]) {
    this.#roots = roots;
    this.#before = new Map(before.map((each) => [each.path, each]));
  }

  add(path: string, { content, read }: ArchivedFile): void {
    const known = read ? undefined : this.#before.get(path);
    if (known !== undefined) this.#files.push(known);
    if (content === undefined || content.damaged === 0) return;
    const { lines, damaged, problem } = content;
    const share = lines === 0 ? "" : `${damaged} of ${lines} lines are damaged; `;
    const message = `${share}${problem ?? "it does not parse"}`;
    this.#files.push({ path, message, serious: lines === 0 && this.#matters(path) });
  }

  /** By path; a database once, whatever was said of it as a file. */
  of(databases: readonly ManifestDatabase[]): DamagedSource[] {
    const all = new Map(this.#files.map((each) => [each.path, each]));
    for (const { path, facts, problems, verification } of databases) {
      all.delete(path);
      const { checked, ok, findings } = verification;
      if (facts !== null && (ok || !checked)) continue;
      const [first = "SQLite cannot read it"] = [...findings, ...problems];
      const more = findings.length > 1 ? ` (and ${findings.length - 1} more)` : "";
      const message = `a damaged database: ${first}${more}`;
      all.set(path, { path, message, serious: this.#matters(path) });
    }
    return [...all.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  /** A file of the user's own may be anything; what OpenClaw reads must be whole. */
  #matters(path: string): boolean {
    const component = this.#roots.classify(path, false)?.component ?? "other";
    return component !== "workspace" && component !== "other";
  }
}
