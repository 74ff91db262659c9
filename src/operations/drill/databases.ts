import { lstat, realpath } from "node:fs/promises";
import { dirname } from "node:path";
import { type DatabaseProof, DatabaseProver } from "../../capture/prover.ts";
import { SIDECAR_SUFFIXES } from "../../capture/database.ts";
import { hollowness } from "../../openclaw/facts.ts";
import { isWithin } from "../../openclaw/user-paths.ts";
import type { ManifestDatabase } from "../manifest.ts";
import { count, type Ledger, type Outcome, worst } from "./ledger.ts";

type Tables = Readonly<Record<string, number | null>>;

export interface DatabasesToProve {
  /** What the manifest tells of each. */
  known: readonly ManifestDatabase[];
  /** Every file of the snapshot that begins as a database does, and where it was restored to. */
  found: ReadonlyMap<string, Buffer>;
  /** Files of the snapshot that are named as a database's log or lock. */
  sidecars: ReadonlySet<string>;
  /** Where the bytes of a path are. */
  at: (path: string) => string;
  /** Whether OpenClaw needs it, as against a file of the user's own. */
  matters: (path: string) => boolean;
  signal: AbortSignal;
}

/**
 * Looks into every database of a restored snapshot.
 *
 * @returns the rows of each that the manifest knows
 */
export async function checkDatabases(
  given: DatabasesToProve,
  ledger: Ledger,
): Promise<Map<string, Tables>> {
  await using prover = new DatabaseProver(given.signal);
  const sound = new Findings();
  const rows = new Findings();
  const tables = new Map<string, Tables>();
  const seen = new Set<string>();
  const known = new Map(given.known.map((each) => [each.path, each]));
  let counted = 0;
  const all = new Set([...known.keys(), ...given.found.keys()]);
  for (const path of all) {
    const expected = known.get(path);
    const file = given.found.get(path) ?? given.at(path);
    const stat = (await leadsAway(given, path))
      ? undefined
      : await lstat(file).catch(() => undefined);
    // Through a link one would look into the live instance's.
    if (stat?.isFile() !== true) {
      rows.add(path, false, stat === undefined ? "it is not there" : "it is no file");
      continue;
    }
    // Another name of one that was looked at.
    const identity = `${stat.dev}:${stat.ino}`;
    if (seen.has(identity)) continue;
    seen.add(identity);
    const proof = await prover.prove(file);
    judgeSoundness(path, proof, given, sound);
    if (expected === undefined) continue;
    const now = proof.facts?.tables ?? {};
    tables.set(path, comparable(now, expected.facts?.tables ?? {}));
    counted += judgeRows(expected, proof, stat.size, rows);
    const hollow = hollowness(path, proof.facts?.tables, stat.size);
    if (hollow !== undefined) rows.add(path, null, hollow);
  }
  const stale = [...given.sidecars].filter((path) => isBeside(path, all));
  for (const path of stale) {
    sound.add(path, false, "a log that is not this database's: SQLite would take it for its own");
  }
  sound.tell(
    ledger,
    "databases",
    `${count(seen.size, "database")}: integrity_check and foreign_key_check find nothing`,
  );
  rows.tell(
    ledger,
    "rows",
    `as many rows in each of ${count(counted, "table")} as the manifest tells of`,
  );
  return tables;
}

/** Whether a directory on the way is a link of the snapshot. */
async function leadsAway({ at, found }: DatabasesToProve, path: string): Promise<boolean> {
  if (found.has(path)) return false;
  const [copy, real] = await Promise.all([
    realpath(at("/")),
    realpath(dirname(at(path))).catch(() => undefined),
  ]);
  return real === undefined || !isWithin(real, copy);
}

/** Of several databases: what is wrong with which. */
class Findings {
  readonly #outcomes: Outcome[] = [];
  readonly #details: string[] = [];

  add(path: string, ok: Outcome, message: string): void {
    this.#outcomes.push(ok);
    this.#details.push(`${path}: ${message}`);
  }

  tell(ledger: Ledger, name: string, well: string): void {
    const ok = worst(this.#outcomes);
    const number = this.#details.length;
    const evidence =
      ok === true
        ? well
        : ok === null
          ? `not all can be said of the databases (${count(number, "finding")})`
          : `the databases are not what they ought to be (${count(number, "finding")})`;
    ledger.add("content", name, ok, evidence, this.#details);
  }
}

function judgeSoundness(
  path: string,
  { facts, problems, verification }: DatabaseProof,
  { matters }: DatabasesToProve,
  findings: Findings,
): void {
  const { checked, ok, findings: found, why } = verification;
  if (!checked) {
    findings.add(path, null, why ?? "it was not checked");
  } else if (!ok || facts === undefined) {
    const [first = "SQLite cannot read it"] = [...found, ...problems];
    findings.add(path, matters(path) ? false : null, first);
  } else {
    // Rows without the row that they refer to.
    for (const orphan of found) findings.add(path, null, orphan);
  }
}

/** @returns how many tables were compared */
function judgeRows(
  { path, size, facts: before }: ManifestDatabase,
  { facts: now }: DatabaseProof,
  bytes: number,
  findings: Findings,
): number {
  if (bytes !== size) findings.add(path, false, `it has ${bytes} bytes, and had ${size}`);
  // SQLite could not read it then either; that is told of as damage.
  if (before === null || now === undefined) return 0;
  if (now.userVersion !== before.userVersion || now.applicationId !== before.applicationId) {
    findings.add(
      path,
      false,
      `its schema is of version ${now.userVersion}, and was of ${before.userVersion}`,
    );
  }
  let compared = 0;
  for (const table of new Set([...Object.keys(before.tables), ...Object.keys(now.tables)])) {
    const [had, has] = [before.tables[table], now.tables[table]];
    if (had === null) continue;
    compared++;
    if (had === has) continue;
    const said = (rows: number | null | undefined) =>
      rows === undefined ? "is missing" : `${rows} rows`;
    findings.add(
      path,
      false,
      `table ${table}: ${said(has)}, and had ${had ?? "none of that name"}`,
    );
  }
  return compared;
}

/** Without the rows that were not counted then. */
function comparable(now: Tables, before: Tables): Tables {
  return Object.fromEntries(
    Object.entries(now).map(([table, rows]) => [table, before[table] === null ? null : rows]),
  );
}

function isBeside(path: string, databases: ReadonlySet<string>): boolean {
  return SIDECAR_SUFFIXES.some((suffix) => databases.has(path.slice(0, -suffix.length)));
}
