import { copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect } from "vitest";
import type { MadeInstance } from "../fixtures/instances.ts";
import { compareTrees } from "../interop/compare-trees.ts";

/**
 * Fails unless a restored state directory is the made one: everything but what is left out, and the
 * databases with the same rows (their images are not the same bytes).
 */
export function expectSameState(made: MadeInstance, restored: string): void {
  const differences = compareTrees(made.stateDir, restored, { timeTolerance: 999n });
  expect(differences.filter((difference) => !isAllowed(difference, made))).toEqual([]);
  for (const path of made.databases) {
    expectSameRows(join(made.stateDir, path), join(restored, path));
  }
}

/** Fails unless both databases hold the same, and SQLite finds nothing wrong with the second. */
export function expectSameRows(original: string, copy: string): void {
  expect(contentOf(copy)).toEqual(contentOf(original));
}

/** Of a copy: even a reader writes beside a database in WAL mode. */
function contentOf(original: string): Record<string, unknown> {
  const folder = mkdtempSync(join(tmpdir(), "clawback-rows-"));
  try {
    const path = join(folder, "copy");
    for (const suffix of ["", "-wal"]) {
      if (existsSync(original + suffix)) copyFileSync(original + suffix, path + suffix);
    }
    return readAll(path);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function readAll(path: string): Record<string, unknown> {
  using database = new DatabaseSync(path);
  const all = (sql: string) => database.prepare(sql).all() as Record<string, unknown>[];
  const content: Record<string, unknown> = {
    schema: all("SELECT type, name, sql FROM sqlite_schema ORDER BY name"),
    integrity: all("PRAGMA integrity_check"),
    version: all("PRAGMA user_version"),
  };
  expect(content["integrity"]).toEqual([{ integrity_check: "ok" }]);
  for (const { name } of all("SELECT name FROM sqlite_schema WHERE type = 'table'")) {
    content[`rows of ${String(name)}`] = all(`SELECT * FROM "${String(name)}"`);
  }
  return content;
}

/** `difference` is a line of compareTrees: `"/path": what`. */
function isAllowed(difference: string, { stateDir, kept, leftOut, databases }: MadeInstance) {
  const end = difference.indexOf('": ') + 1;
  const path = relative("/", JSON.parse(difference.slice(0, end)) as string);
  const what = difference.slice(end + 2);
  if (what === `only in ${stateDir}`) {
    const isHolder = (one: string) => one === path || one.startsWith(`${path}/`);
    return leftOut.some(isHolder) && !kept.some(isHolder);
  }
  return databases.includes(path) && /^(?:size|content) /u.test(what);
}
