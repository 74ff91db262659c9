import { isAbsolute, join } from "node:path";
import { readFile, stat } from "node:fs/promises";
import { isTree, treeAt } from "../config-tree.ts";
import type { Tree } from "../config-tree.ts";
import type { InstanceCopy } from "../instance-copy.ts";
import { expandTilde } from "../user-paths.ts";
import { configDirectory } from "./copied-config.ts";
import type { CopiedConfig } from "./copied-config.ts";
import { locate } from "./locate.ts";
import { parsedTree } from "./read-json.ts";
import { hasTable, lookIntoState } from "./state-rows.ts";

/** A secret that the configuration has or refers to. The value stays in memory. */
export interface Secret {
  /** Where it is: a few words, never the secret. */
  where: string;
  /** Undefined: it cannot be seen from here. */
  value?: string;
  /** What must hold for it to be there after a move; undefined: it comes along. */
  condition?: string;
  /** It is referred to, and is not where it ought to be. */
  missing?: boolean;
}

interface Sources {
  copy: InstanceCopy;
  config: CopiedConfig;
}

/** Bytes; beyond, it is no secret. */
const MAX_SECRET_FILE = 1 << 20;
const REFERENCE = /\$\{([A-Z_][A-Z0-9_]*)\}/g;
/** What OpenClaw shows in the place of a secret: of a configuration that was printed and put back. */
const REDACTED = "__OPENCLAW_REDACTED__";

/**
 * What a secret's setting leads to: a text, `${NAME}`, or a SecretRef (docs/gateway/secrets of
 * OpenClaw's package). Of the sources only environment and files are read; nothing is run.
 *
 * @returns undefined when the setting is not there
 */
export async function resolveSecret(input: unknown, sources: Sources): Promise<Secret | undefined> {
  if (typeof input === "string") {
    if (input.trim() === "") return undefined;
    if (input === REDACTED) return { where: "config", missing: true };
    return fromText(input, sources);
  }
  if (!isTree(input)) return undefined;
  const id = typeof input["id"] === "string" ? input["id"] : "";
  switch (input["source"]) {
    case "env":
      return fromEnvironment(id, sources);
    case "file":
      return fromProviderFile(input, id, sources);
    case "store":
      return fromStore(id, sources);
    default: {
      const condition = "The command that gives its secret works at the new place too.";
      return { where: "secret reference (a command)", condition };
    }
  }
}

/** Variables may be all of a text or parts of it. */
function fromText(text: string, sources: Sources): Secret {
  const found = [...text.matchAll(REFERENCE)].map(([, name = ""]) =>
    fromEnvironment(name, sources),
  );
  const [first] = found;
  if (first === undefined) return { where: "config", value: text };
  const values = found.flatMap(({ value }) => value ?? []);
  const conditions = found.flatMap(({ condition }) => condition ?? []);
  return {
    where: first.where,
    ...(values.length === found.length && {
      value: text.replaceAll(REFERENCE, () => values.shift() ?? ""),
    }),
    ...(conditions.length > 0 && { condition: conditions.join(" ") }),
  };
}

export function fromEnvironment(name: string, { config }: Sources): Secret {
  const where = `environment (${name})`;
  const own = config.own[name];
  if (own) return { where, value: own };
  const outer = config.outer[name];
  const condition = `${name} is set in the environment that the gateway starts in.`;
  return outer ? { where, value: outer, condition } : { where, condition };
}

/** A file that holds nothing but the secret. @param path as the configuration has it */
export async function fromFile(path: string, sources: Sources): Promise<Secret> {
  const text = await textOf(path, sources);
  if (text === undefined) return missingFile(path);
  return { where: path, value: text.trim() };
}

async function fromProviderFile(input: Tree, id: string, sources: Sources): Promise<Secret> {
  const name = typeof input["provider"] === "string" ? input["provider"] : "default";
  const provider = treeAt(sources.config.tree, "secrets", "providers", name);
  const path = provider["path"];
  if (typeof path !== "string") return { where: "secret reference (a file)", missing: true };
  const text = await textOf(path, sources);
  if (text === undefined) return missingFile(path);
  if (provider["mode"] === "singleValue") return { where: path, value: text.trim() };
  const value = id
    .split("/")
    .slice(1)
    .map((key) => key.replaceAll("~1", "/").replaceAll("~0", "~"))
    .reduce<unknown>((tree, key) => (isTree(tree) ? tree[key] : undefined), parsedTree(text));
  return typeof value === "string" ? { where: path, value } : { where: path, missing: true };
}

/** OpenClaw's own store is rows of its database, in plain text. */
async function fromStore(name: string, { copy }: Sources): Promise<Secret> {
  const looked = await lookIntoState(copy, (database) => {
    if (!hasTable(database, "secret_store_entries")) return undefined;
    const query =
      "SELECT value FROM secret_store_entries WHERE name = ? AND deleted_at_ms IS NULL LIMIT 1";
    return database.prepare(query).get(name)?.["value"];
  });
  const where = "OpenClaw's secret store";
  if (looked.state === "missing") return { where, missing: true };
  if (looked.state !== "read") {
    return { where, condition: `${where}, which cannot be read now, has it.` };
  }
  return typeof looked.value === "string"
    ? { where, value: looked.value }
    : { where, missing: true };
}

/** Who writes the secret itself where a path belongs does not get to see it. */
function missingFile(path: string): Secret {
  return { where: path.includes("/") ? path : "a file beside the configuration", missing: true };
}

async function textOf(written: string, { copy }: Sources): Promise<string | undefined> {
  const expanded = expandTilde(written, copy.home);
  const place = isAbsolute(expanded) ? expanded : join(configDirectory(copy), expanded);
  const path = copy.at(await locate(copy, place));
  const info = await stat(path).catch(() => undefined);
  if (info?.isFile() !== true || info.size > MAX_SECRET_FILE) return undefined;
  return readFile(path, "utf8").catch(() => undefined);
}
