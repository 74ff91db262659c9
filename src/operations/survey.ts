import { lstat, readFile, readlink, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { ClawbackError } from "../errors.ts";
import { BARRED_CONFIG } from "../openclaw/barred-config.ts";
import { listChannels } from "../openclaw/channels.ts";
import { type ConfigFacts, readConfig } from "../openclaw/config.ts";
import type { Problem } from "../openclaw/config-tree.ts";
import type { Channel } from "../openclaw/configured-channels.ts";
import { findInstance, type Instance } from "../openclaw/find-instance.ts";
import { type Discovered, resolveRoots, type Root } from "../openclaw/roots.ts";
import type { LeftOut } from "../openclaw/scripts.ts";
import type { Surroundings } from "../openclaw/user-paths.ts";
import { openclawVersion, type OpenClawVersion } from "../openclaw/version.ts";
import type { OperationContext } from "./context.ts";
import type { Exclusion } from "./documents.ts";

/** An instance and all that belongs to it, before anything is read. */
export interface Survey {
  instance: Instance;
  config: ConfigFacts;
  roots: Root[];
  /** References that lead nowhere, files that cannot be understood. */
  problems: Problem[];
  /** Outside of what is walked; found to be called or linked to, and not taken. */
  left: Exclusion[];
  channels: Channel[];
  version: OpenClawVersion;
}

/** @throws E_NO_INSTANCE, E_RESTORE_OPEN when somebody's restore in place has stopped half-way */
export async function surveyInstance(context: OperationContext): Promise<Survey> {
  const surroundings = surroundingsOf(context);
  const instance = await findInstance({ ...surroundings, ...context.instance });
  await refuseHalfRestored(instance);
  const config = await readConfig(instance, context.env);
  const { roots, problems, left } = await resolveRoots(instance, config, surroundings);
  return {
    instance,
    config,
    roots,
    problems: [...config.problems, ...problems],
    left: await Promise.all(left.map(sized)),
    channels: await listChannels(instance, config, surroundings),
    version: await openclawVersion(instance, config, context.env),
  };
}

/** A journal that is another user's, or lies elsewhere, is not seen. What it left standing is. */
async function refuseHalfRestored({ configPath, stateDir }: Instance): Promise<void> {
  if (configPath === undefined) return;
  if ((await readFile(configPath, "utf8").catch(() => "")) !== BARRED_CONFIG) return;
  throw new ClawbackError("E_RESTORE_OPEN", `a restore in place of ${stateDir} is not finished`, {
    hint: "Run any command as the user who began it, with the same XDG_STATE_HOME: that completes it or takes it back.",
  });
}

/** The same survey with what a walk has found beyond what files name. */
export async function extendSurvey(
  context: OperationContext,
  survey: Survey,
  discovered: Discovered,
): Promise<Survey> {
  const { instance, config } = survey;
  const found = await resolveRoots(instance, config, surroundingsOf(context), discovered);
  const { roots, problems, left } = found;
  return {
    ...survey,
    roots,
    problems: [...config.problems, ...problems],
    left: await Promise.all(left.map(sized)),
  };
}

/** A directory is not looked into: it may be a whole disk. */
async function sized({ path, reason }: LeftOut): Promise<Exclusion> {
  const info = await stat(path).catch(() => undefined);
  const isFile = info?.isFile() === true;
  return { path, reason, files: isFile ? 1 : 0, bytes: isFile ? info.size : 0 };
}

function surroundingsOf({ env, home }: OperationContext): Surroundings {
  return { env, home, platform: process.platform };
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

/** The symbolic links that lead from a path to where its bytes are, itself included. */
export async function linksOnTheWay(path: string, budget = MAX_LINKS): Promise<string[]> {
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
