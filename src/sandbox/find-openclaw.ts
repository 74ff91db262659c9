import { readFile, readdir, realpath } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { isOlder } from "../openclaw/revival/release-order.ts";

/** A program of OpenClaw on this machine. */
export interface OpenClawProgram {
  /** Node and the program's entry, both absolute without links; a command's words follow. */
  words: [node: string, entry: string];
  version: string;
}

export interface OpenClawQuery {
  env: Readonly<Record<string, string | undefined>>;
  /** Clawback's cache, which may hold releases that were fetched. */
  cacheDir: string;
  /** The words that a running gateway is started with, where they are known. */
  running?: readonly string[] | undefined;
  /** Preferred to whatever else is there. */
  version?: string | undefined;
}

/** Below Clawback's cache: one directory for each release that was fetched. */
export const FETCHED = "openclaw";
/** In a directory that npm installed into. */
export const ENTRY = join("node_modules", "openclaw", "openclaw.mjs");

/**
 * Looks where the running gateway's program is, on the PATH, where npm installs for all, and at what
 * was fetched before. It is run by our own Node, which is new enough.
 */
export async function findOpenClaw(query: OpenClawQuery): Promise<OpenClawProgram | undefined> {
  const found: OpenClawProgram[] = [];
  for (const path of await placesToLook(query)) {
    const program = await openclawAt(path);
    if (program !== undefined) found.push(program);
  }
  return found.find(({ version }) => version === query.version) ?? found[0];
}

/** The OpenClaw that a file belongs to; undefined: it belongs to none. */
export async function openclawAt(path: string): Promise<OpenClawProgram | undefined> {
  const real = await realpath(path).catch(() => undefined);
  if (real === undefined) return undefined;
  for (let directory = dirname(real), up = 0; up < 4; directory = dirname(directory), up += 1) {
    const { name, version, bin } = await packageAt(directory);
    if (name !== "openclaw" || version === undefined) continue;
    const entry = await realpath(join(directory, bin ?? "openclaw.mjs")).catch(() => undefined);
    if (entry === undefined) return undefined;
    return { words: [await realpath(process.execPath), entry], version };
  }
  return undefined;
}

async function placesToLook({ env, cacheDir, running }: OpenClawQuery): Promise<string[]> {
  const path = (env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  const prefixes = [dirname(process.execPath), ...path].map((folder) => dirname(folder));
  const own = env["npm_config_prefix"];
  const fetched = join(cacheDir, FETCHED);
  const releases = await readdir(fetched).catch(() => []);
  return [
    ...(running ?? []).filter((word) => word.startsWith("/")),
    ...path.map((folder) => join(folder, "openclaw")),
    ...[...(own === undefined ? [] : [own]), ...prefixes].map((prefix) =>
      join(prefix, "lib", ENTRY),
    ),
    ...releases
      .toSorted((a, b) => (isOlder(a, b) ? 1 : -1))
      .map((release) => join(fetched, release, ENTRY)),
  ];
}

interface Package {
  name?: string;
  version?: string;
  /** Its one program, relative to the package. */
  bin?: string;
}

async function packageAt(directory: string): Promise<Package> {
  try {
    const text = await readFile(join(directory, "package.json"), "utf8");
    const { name, version, bin } = JSON.parse(text) as Record<string, unknown>;
    const program = typeof bin === "object" ? (bin as Record<string, unknown>)["openclaw"] : bin;
    return {
      ...(typeof name === "string" && { name }),
      ...(typeof version === "string" && { version }),
      ...(typeof program === "string" && { bin: program }),
    };
  } catch {
    return {};
  }
}
