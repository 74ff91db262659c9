import { readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { findInstances, type Instance } from "../openclaw/find-instance.ts";

const LEGACY_STATE = ".clawdbot";

/**
 * Other instances on this machine, as far as this user can see them: profiles, a state directory of
 * an earlier name, other users' own.
 */
export async function neighboursOf(instance: Instance, home: string): Promise<Instance[]> {
  const found = new Map<string, Instance>();
  for (const each of await homesBeside(new Set([home, instance.home]))) {
    const surroundings = { env: {}, home: each, platform: process.platform };
    const legacy = { ...surroundings, stateDir: join(each, LEGACY_STATE) };
    for (const query of [surroundings, legacy]) {
      for (const one of await findInstances(query)) {
        if (await isLivedIn(one)) found.set(one.realStateDir, one);
      }
    }
  }
  found.delete(instance.realStateDir);
  return [...found.values()];
}

/** OpenClaw makes directories of such names for passing purposes, too. */
async function isLivedIn({ configPath, stateDir }: Instance): Promise<boolean> {
  if (configPath !== undefined) return true;
  const names = await readdir(stateDir).catch(() => []);
  return names.some(
    (name) => ["state", "agents", "credentials"].includes(name) || name.endsWith(".db"),
  );
}

async function homesBeside(own: ReadonlySet<string>): Promise<Set<string>> {
  const homes = new Set(own);
  for (const home of own) {
    // Root's home lies beside the directory that everybody else's are in.
    const above = dirname(home) === "/" ? "/home" : dirname(home);
    if (above === "/home") homes.add("/root");
    const entries = await readdir(above, { withFileTypes: true }).catch(() => []);
    for (const entry of entries) if (entry.isDirectory()) homes.add(join(above, entry.name));
  }
  return homes;
}
