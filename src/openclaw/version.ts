import { readFile, realpath } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import type { ConfigFacts } from "./config.ts";
import type { Instance } from "./find-instance.ts";
import type { Surroundings } from "./user-paths.ts";

export interface OpenClawVersion {
  /** Of the program on the PATH. */
  installed: string | undefined;
  /** Of the release that last wrote the configuration; else the last one that looked for updates. */
  recorded: string | undefined;
}

/** Finds versions in files alone; nothing is started and no database opened. */
export async function openclawVersion(
  { stateDir }: Instance,
  config: ConfigFacts,
  env: Surroundings["env"],
): Promise<OpenClawVersion> {
  return {
    installed: await installedVersion(env),
    recorded: config.lastTouchedVersion ?? (await checkedVersion(stateDir)),
  };
}

/** Of the program on the PATH. */
export async function installedVersion(env: Surroundings["env"]): Promise<string | undefined> {
  for (const directory of (env["PATH"] ?? "").split(delimiter)) {
    if (directory === "") continue;
    const program = await realpath(join(directory, "openclaw")).catch(() => undefined);
    const version = program === undefined ? undefined : await packageVersion(dirname(program));
    if (version !== undefined) return version;
  }
  return undefined;
}

/** From the nearest `package.json` that is OpenClaw's: the program lies a level or two below it. */
async function packageVersion(directory: string): Promise<string | undefined> {
  for (let current = directory, up = 0; up < 4; current = dirname(current), up += 1) {
    const description = await readJson(join(current, "package.json"));
    if (description?.["name"] === "openclaw") return text(description["version"]);
  }
  return undefined;
}

/** 2026.3 keeps it in a file; later releases in the database. */
async function checkedVersion(stateDir: string): Promise<string | undefined> {
  const check = await readJson(join(stateDir, "update-check.json"));
  return text(check?.["lastNotifiedVersion"]) ?? text(check?.["version"]);
}

async function readJson(path: string): Promise<Record<string, unknown> | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(path, "utf8"));
    return typeof value === "object" && value !== null
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
