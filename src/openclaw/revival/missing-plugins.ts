import { lstat } from "node:fs/promises";
import { isAbsolute } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { isTree, treeAt } from "../config-tree.ts";
import type { Tree } from "../config-tree.ts";
import type { InstanceCopy } from "../instance-copy.ts";
import { expandTilde } from "../user-paths.ts";
import { copiedConfig } from "./copied-config.ts";
import { hasColumns, isDamage, readStateDatabase } from "./copied-database.ts";

/** It overwrites a half that is left, and asks for nothing that was agreed to before. */
const CONSENT = ["--force", "--accept-capabilities"];

/** A plugin whose record came back without its code. */
export interface MissingPlugin {
  id: string;
  /** What the installer is asked for. */
  spec: string;
  /** The version that was installed, if it is known. */
  version?: string;
  /** Program first. */
  command: readonly string[];
}

/**
 * The plugins that were installed, by OpenClaw's own records, and whose code lies neither in the
 * copy nor where it was. OpenClaw 2026.9 keeps the records in its database, older releases in the
 * configuration.
 */
export async function missingPlugins(copy: InstanceCopy): Promise<MissingPlugin[]> {
  using database = await readStateDatabase(copy);
  const installs = treeAt(await copiedConfig(copy), "plugins", "installs");
  const records = { ...installs, ...(database === undefined ? {} : recordsIn(database)) };
  const missing: MissingPlugin[] = [];
  for (const [id, record] of Object.entries(records).toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    if (!isTree(record) || text(id) === undefined || (await isThere(copy, record))) continue;
    const how = installationOf(id, record);
    const version = text(record["resolvedVersion"]) ?? text(record["version"]);
    missing.push({ id, ...how, ...(version !== undefined && { version }) });
  }
  return missing;
}

/** None where the database is damaged: what is said of it elsewhere counts. */
function recordsIn(database: DatabaseSync): Tree {
  try {
    return installRecords(database);
  } catch (error) {
    if (!isDamage(error)) throw error;
    return {};
  }
}

function installRecords(database: DatabaseSync): Tree {
  if (!hasColumns(database, "config_machine_state", ["state_key", "value_json"])) return {};
  const query = "SELECT value_json AS json FROM config_machine_state WHERE state_key = ?";
  const json = database.prepare(query).get("plugins.installedIndex")?.["json"];
  try {
    return treeAt(JSON.parse(String(json ?? "null")), "index", "installRecords");
  } catch {
    return {};
  }
}

async function isThere(copy: InstanceCopy, record: Tree): Promise<boolean> {
  const path = text(record["installPath"]) ?? text(record["sourcePath"]);
  if (path === undefined) return false;
  const place = expandTilde(path, copy.home);
  if (!isAbsolute(place)) return false;
  const found = await Promise.all(
    [copy.at(place), place].map((one) => lstat(one).catch(() => undefined)),
  );
  return found.some((info) => info !== undefined);
}

/** As OpenClaw's own advice has it (docs/cli/plugins/install.md of its package). */
function installationOf(id: string, record: Tree): Pick<MissingPlugin, "spec" | "command"> {
  const source = text(record["source"]);
  const sourcePath = text(record["sourcePath"]);
  const recorded = text(record["spec"]) ?? text(record["resolvedSpec"]) ?? id;
  const from = text(record["marketplaceSource"]);
  const words = (spec: string, ...options: string[]) => ({
    spec,
    command: ["openclaw", "plugins", "install", spec, ...options, ...CONSENT],
  });
  if (source === "marketplace" && from !== undefined) {
    return words(text(record["marketplacePlugin"]) ?? id, "--marketplace", from);
  }
  if (sourcePath !== undefined && (source === "path" || source === "archive")) {
    const isLink = source === "path" && text(record["installPath"]) === sourcePath;
    return isLink ? words(sourcePath, "--link") : words(sourcePath);
  }
  if (source === "clawhub" && !recorded.startsWith("clawhub:")) {
    return words(`clawhub:${text(record["clawhubPackage"]) ?? recorded}`);
  }
  if (source === "git" && !recorded.startsWith("git:")) {
    const ref = text(record["gitCommit"]) ?? text(record["gitRef"]);
    const url = text(record["gitUrl"]) ?? recorded;
    return words(`git:${url}${ref === undefined ? "" : `@${ref}`}`);
  }
  return words(recorded);
}

/** A word of a record. What begins like an option is none: a command is made of it. */
function text(value: unknown): string | undefined {
  return typeof value === "string" && /^\s*[^\s-]/.test(value) ? value : undefined;
}
