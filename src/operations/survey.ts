import { lstat, readlink } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { listChannels } from "../openclaw/channels.ts";
import { type ConfigFacts, readConfig } from "../openclaw/config.ts";
import type { Problem } from "../openclaw/config-tree.ts";
import type { Channel } from "../openclaw/configured-channels.ts";
import { findInstance, type Instance } from "../openclaw/find-instance.ts";
import { resolveRoots, type Root } from "../openclaw/roots.ts";
import { openclawVersion, type OpenClawVersion } from "../openclaw/version.ts";
import type { OperationContext } from "./context.ts";

/** An instance and all that belongs to it, before anything is read. */
export interface Survey {
  instance: Instance;
  config: ConfigFacts;
  roots: Root[];
  /** References that lead nowhere, files that cannot be understood. */
  problems: Problem[];
  channels: Channel[];
  version: OpenClawVersion;
}

/** @throws E_NO_INSTANCE */
export async function surveyInstance(context: OperationContext): Promise<Survey> {
  const surroundings = { env: context.env, home: context.home, platform: process.platform };
  const instance = await findInstance({ ...surroundings, ...context.instance });
  const config = await readConfig(instance, context.env);
  const { roots, problems } = await resolveRoots(instance, config, surroundings);
  return {
    instance,
    config,
    roots,
    problems: [...config.problems, ...problems],
    channels: await listChannels(instance, config, surroundings),
    version: await openclawVersion(instance, config, context.env),
  };
}

/**
 * The paths to walk: where each root's bytes are, and the symbolic links on the way there, so that
 * the names people know lead to them after a restore as well.
 */
export async function pathsToWalk(roots: readonly Root[]): Promise<Buffer[]> {
  const paths = new Set<string>();
  for (const { path, realPath, alsoNamed } of roots) {
    paths.add(realPath);
    for (const name of [path, ...alsoNamed]) {
      for (const link of await linksOnTheWay(name)) paths.add(link);
    }
  }
  return [...paths].map((path) => Buffer.from(path));
}

/** As many links as Linux follows before it says ELOOP. */
const MAX_LINKS = 40;

async function linksOnTheWay(path: string, budget = MAX_LINKS): Promise<string[]> {
  let at = "/";
  const parts = path.split("/").filter(Boolean);
  for (const [i, part] of parts.entries()) {
    at = join(at, part);
    const stat = await lstat(at).catch(() => undefined);
    if (stat?.isSymbolicLink() !== true) continue;
    if (budget === 0) return [];
    const target = resolve(dirname(at), await readlink(at));
    return [at, ...(await linksOnTheWay(join(target, ...parts.slice(i + 1)), budget - 1))];
  }
  return [];
}
