import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import { treeAt } from "../config-tree.ts";
import type { InstanceCopy } from "../instance-copy.ts";
import { copiedConfig } from "./copied-config.ts";
import { placeInCopy } from "./copied-place.ts";
import { databaseHeader, hasColumns, stateDatabaseOf } from "./copied-database.ts";
import { isOlder, newest } from "./release-order.ts";

/** Whether a program can use a state; if not, the version to install. */
export type VersionVerdict = { ok: true } | { ok: false; needs: string; why: string };

interface Recorded {
  kind: "state" | "agent" | "config";
  /** As at home. */
  path: string;
  /** The release that wrote it last; undefined: it does not say. */
  release: string | undefined;
  /** `user_version` of a database. */
  schema: number | undefined;
}

/** What releases say they support (`openclaw.schemaVersions` in their `package.json`). */
const SCHEMAS: readonly { release: string; state: number; agent: number }[] = [
  { release: "2026.8.2", state: 15, agent: 19 },
  { release: "2026.9.6", state: 18, agent: 23 },
];

/** Where a database's header holds its `user_version`. */
const USER_VERSION = 60;

/**
 * Whether the installed OpenClaw can use what the copy holds. An older one refuses a newer schema,
 * and shapes may differ under the same number: what counts first is which release wrote last.
 *
 * @param installed its version; undefined: there is none to be refused
 */
export async function versionVerdict(
  copy: InstanceCopy,
  installed: string | undefined,
): Promise<VersionVerdict> {
  if (installed === undefined) return { ok: true };
  const records = await recordsOf(copy);
  const needs = newest(records.flatMap(({ release }) => release ?? []));
  const newer = records.find(({ release }) => release !== undefined && release === needs);
  if (needs !== undefined && newer !== undefined && isOlder(installed, needs)) {
    const why = `${newer.path} was last written by OpenClaw ${needs}; installed is ${installed}.`;
    return { ok: false, needs, why };
  }
  const known = SCHEMAS.find(({ release }) => !isOlder(release, installed));
  for (const { kind, path, schema } of known === undefined ? [] : records) {
    if (known === undefined || schema === undefined || kind === "config") continue;
    if (schema <= known[kind]) continue;
    const why = `${path} has schema ${schema}; OpenClaw ${installed} knows up to ${known[kind]}.`;
    return { ok: false, needs: "latest", why };
  }
  return { ok: true };
}

/** The release that last wrote the copy: the one to fetch for it. */
export async function recordedRelease(copy: InstanceCopy): Promise<string | undefined> {
  return newest((await recordsOf(copy)).flatMap(({ release }) => release ?? []));
}

async function recordsOf(copy: InstanceCopy): Promise<Recorded[]> {
  const written = treeAt(await copiedConfig(copy), "meta")["lastTouchedVersion"];
  const config: Recorded = {
    kind: "config",
    path: copy.configPath ?? join(copy.stateDir, "openclaw.json"),
    release: typeof written === "string" ? written : undefined,
    schema: undefined,
  };
  const records = [config, await recordOf(copy, "state", stateDatabaseOf(copy))];
  const agents = join(copy.stateDir, "agents");
  const place = await placeInCopy(copy, agents);
  for (const id of place === undefined ? [] : await readdir(place).catch(() => [])) {
    const path = join(agents, id, "agent/openclaw-agent.sqlite");
    records.push(await recordOf(copy, "agent", path));
  }
  return records.filter((record) => record !== undefined);
}

/** Read without making anything beside it; what is still in a log does not count. */
async function recordOf(
  copy: InstanceCopy,
  kind: "state" | "agent",
  path: string,
): Promise<Recorded | undefined> {
  const at = await placeInCopy(copy, path);
  const header = at === undefined ? undefined : await databaseHeader(at);
  if (at === undefined || header === undefined) return undefined;
  return { kind, path, schema: header.readUInt32BE(USER_VERSION), release: releaseIn(at) };
}

function releaseIn(path: string): string | undefined {
  try {
    const url = new URL(`${pathToFileURL(path).href}?immutable=1`);
    using database = new DatabaseSync(url, { readOnly: true });
    if (!hasColumns(database, "schema_meta", ["meta_key", "app_version"])) return undefined;
    const query = "SELECT app_version AS release FROM schema_meta WHERE meta_key = 'primary'";
    const release = database.prepare(query).get()?.["release"];
    return typeof release === "string" ? release : undefined;
  } catch {
    return undefined;
  }
}
