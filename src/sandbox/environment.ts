import { dirname, join } from "node:path";
import { readDotenv } from "../openclaw/config-variables.ts";
import type { CopyRoot, InstanceCopy } from "../openclaw/instance-copy.ts";
import { smallText } from "./small-text.ts";

/** Stands in for a variable that the configuration wants and no file of the copy sets. */
const STAND_IN = "clawback-stand-in";
const MENTIONED = [
  /\$\{([A-Z_][A-Z0-9_]*)\}/g,
  /\bsource["']?\s*:\s*["']env["'][^{}]*?\bid["']?\s*:\s*["']([A-Z_][A-Z0-9_]*)/g,
];

/** A gateway that waits for services it cannot reach, or runs a due job, proves nothing more. */
const RESTRAINED = {
  OPENCLAW_SKIP_CHANNELS: "1",
  OPENCLAW_SKIP_CRON: "1",
  OPENCLAW_SKIP_GMAIL_WATCHER: "1",
  OPENCLAW_DISABLE_BONJOUR: "1",
  OPENCLAW_NO_AUTO_UPDATE: "1",
};

export interface Environment {
  env: Record<string, string>;
  /** Names of variables that got a stand-in. */
  invented: string[];
}

/**
 * The environment of OpenClaw in a sandbox: nothing of ours, so that no agent's socket, session bus
 * or cloud key goes along; of the copy's own files what its configuration asks for.
 */
export async function environmentOf(copy: InstanceCopy): Promise<Environment> {
  const mentioned = await mentionedIn(copy);
  const [state] = copy.roots;
  const ownDotenv = await readDotenv(copy.at(join(copy.stateDir, ".env")));
  const known = await variablesIn(copy);
  const invented = mentioned.filter((name) => !(name in known) && !(name in ownDotenv));
  const wanted = mentioned.filter((name) => name in known);
  const stateDir = state?.path ?? copy.stateDir;
  const isUsual = stateDir === join(copy.home, ".openclaw");
  const includes = copy.roots.filter(({ kind }) => kind === "include");
  const { configPath } = copy;
  const isConfigUsual = configPath === undefined || dirname(configPath) === copy.stateDir;
  return {
    env: {
      ...Object.fromEntries(invented.map((name) => [name, STAND_IN])),
      ...Object.fromEntries(wanted.map((name) => [name, known[name] ?? ""])),
      HOME: copy.home,
      LANG: "C.UTF-8",
      NO_COLOR: "1",
      ...RESTRAINED,
      ...(!isUsual && { OPENCLAW_STATE_DIR: stateDir }),
      ...(!isConfigUsual && { OPENCLAW_CONFIG_PATH: configPath }),
      ...(includes.length > 0 && { OPENCLAW_INCLUDE_ROOTS: directoriesOf(includes) }),
    },
    invented,
  };
}

/** What to tell of variables that were made up. */
export function inventions(names: readonly string[]): string[] {
  if (names.length === 0) return [];
  return [`the configuration wants ${names.join(", ")}, which the copy does not hold: made up`];
}

function directoriesOf(files: readonly CopyRoot[]): string {
  return [...new Set(files.map(({ realPath }) => dirname(realPath)))].join(":");
}

/** The variables that the configuration and what it includes refer to. */
async function mentionedIn(copy: InstanceCopy): Promise<string[]> {
  const included = copy.roots.filter(({ kind }) => kind === "config" || kind === "include");
  const paths = [copy.configPath ?? [], included.map(({ realPath }) => realPath)].flat();
  const names = new Set<string>();
  for (const path of new Set(paths)) {
    const text = await smallText(copy.at(path));
    for (const pattern of MENTIONED) {
      for (const [, name] of text.matchAll(pattern)) if (name !== undefined) names.add(name);
    }
  }
  return [...names].toSorted();
}

/** What environment files and service units of the copy set. */
async function variablesIn(copy: InstanceCopy): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const { kind, realPath } of copy.roots) {
    if (kind === "environment") Object.assign(found, await readDotenv(copy.at(realPath)));
    if (kind === "service") Object.assign(found, inUnit(await smallText(copy.at(realPath))));
  }
  return found;
}

/** `Environment=` of systemd.exec(5). */
function inUnit(text: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [, line = ""] of text.matchAll(/^Environment=(.*)$/gm)) {
    for (const [, double, single, plain] of line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)) {
      const word = double ?? single ?? plain ?? "";
      const end = word.indexOf("=");
      if (end > 0) found[word.slice(0, end)] = word.slice(end + 1);
    }
  }
  return found;
}
