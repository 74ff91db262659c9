import { join } from "node:path";
import JSON5 from "json5";
import { readDotenv } from "../openclaw/config-variables.ts";
import type { InstanceCopy } from "../openclaw/instance-copy.ts";
import { smallText } from "./small-text.ts";

const SECRET_KEY = /token|key|secret|password|passwd|credential|nsec|cookie/i;
/** A shorter one is a word that innocent lines have too. */
const SHORTEST = 8;

/** Secrets that a copy's configuration and secret files hold, to be kept out of what is shown. */
export async function secretsOf(copy: InstanceCopy): Promise<string[]> {
  const found = new Set<string>();
  const configs = copy.roots.filter(({ kind }) => kind === "config" || kind === "include");
  for (const path of [copy.configPath ?? [], configs.map(({ realPath }) => realPath)].flat()) {
    collect(parsed(await smallText(copy.at(path))), false, found);
  }
  for (const { kind, realPath } of copy.roots) {
    if (kind === "secret") {
      const text = await smallText(copy.at(realPath));
      collect(parsed(text) ?? text.trim(), true, found);
    }
    if (kind === "environment") collect(await readDotenv(copy.at(realPath)), true, found);
  }
  collect(await readDotenv(copy.at(join(copy.stateDir, ".env"))), true, found);
  return [...found].filter((secret) => secret.length >= SHORTEST);
}

function parsed(text: string): unknown {
  try {
    return JSON5.parse(text);
  } catch {
    return undefined;
  }
}

function collect(value: unknown, isSecret: boolean, found: Set<string>): void {
  if (typeof value === "string" && isSecret) found.add(value);
  if (typeof value !== "object" || value === null) return;
  for (const [key, item] of Object.entries(value)) {
    collect(item, isSecret || SECRET_KEY.test(key), found);
  }
}
