import { readdir, readlink } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { ConfigFacts } from "./config.ts";
import type { Instance } from "./find-instance.ts";
import type { FoundLink } from "./links.ts";
import { isWithin } from "./user-paths.ts";

/**
 * The links out of the state directory where people usually make them: skills, and parts of the
 * state that were moved elsewhere. Seen without a walk.
 */
export async function usualLinks(
  { stateDir, realStateDir }: Instance,
  { workspaces }: ConfigFacts,
): Promise<FoundLink[]> {
  const agents = await readdir(join(stateDir, "agents")).catch(() => []);
  const withSkills = [join(stateDir, "workspace"), ...workspaces.map(({ path }) => path)];
  const directories = [
    stateDir,
    join(stateDir, "agents"),
    ...agents.map((id) => join(stateDir, "agents", id)),
    join(stateDir, "skills"),
    ...withSkills.flatMap((path) => [join(path, "skills"), join(path, ".agents/skills")]),
  ];
  const links: FoundLink[] = [];
  for (const directory of new Set(directories)) {
    const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
    for (const entry of entries.filter((one) => one.isSymbolicLink())) {
      const path = join(directory, entry.name);
      const target = resolve(dirname(path), await readlink(path).catch(() => path));
      if (!isWithin(target, realStateDir)) links.push({ path, target });
    }
  }
  return links;
}
