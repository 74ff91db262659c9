import { lstat, readdir, realpath, stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { ClawbackError } from "../errors.ts";
import { expandTilde, openclawHome, variable } from "./user-paths.ts";
import type { Surroundings } from "./user-paths.ts";

/** Where to look. What is given by flag beats the environment, which beats the default places. */
export interface InstanceQuery extends Surroundings {
  /** `--state-dir` */
  stateDir?: string | undefined;
  /** `--profile` */
  profile?: string | undefined;
  /** OpenClaw's configuration file, when it is not in the state directory. */
  configPath?: string | undefined;
}

/** One OpenClaw installation's state. */
export interface Instance {
  /** The profile, or `default`. */
  name: string;
  /** Absolute, by the name the user knows; it may be a symbolic link. */
  stateDir: string;
  realStateDir: string;
  /** Absolute. Undefined when there is none: the state is worth a backup all the same. */
  configPath: string | undefined;
  /** What `~` in this instance's paths means. */
  home: string;
}

const STATE_NAME = ".openclaw";
const LEGACY_STATE_NAME = ".clawdbot";
const CONFIG_NAMES = ["openclaw.json", "clawdbot.json"];

/**
 * Every instance that the query may mean: the one that a flag or variable names, or else the
 * default, `~/.clawdbot` when there is no `~/.openclaw`, and every profile (`~/.openclaw-<name>`).
 * The order of precedence is OpenClaw's own (docs/help/environment.md of its package), but
 * `OPENCLAW_PROFILE` alone selects nothing, as observed.
 */
export async function findInstances(query: InstanceQuery): Promise<Instance[]> {
  const found: Instance[] = [];
  for (const place of await placesToLook(query)) {
    const instance = await instanceAt(place, query);
    if (instance !== undefined) found.push(instance);
  }
  return found;
}

/**
 * The one instance that the query means; with nothing named and no default, the only profile.
 *
 * @throws ClawbackError E_NO_INSTANCE with the places that were looked at as its hint
 */
export async function findInstance(query: InstanceQuery): Promise<Instance> {
  const found = await findInstances(query);
  const [first, ...others] = found;
  if (first !== undefined && (first.name === "default" || others.length === 0)) return first;
  if (first !== undefined) {
    throw new ClawbackError("E_NO_INSTANCE", "There are several profiles and no default.", {
      hint: `Pick one: ${found.map(({ name }) => `--profile ${name}`).join(", ")}`,
    });
  }
  const looked = await statePlaces(query);
  throw new ClawbackError("E_NO_INSTANCE", "No OpenClaw state found.", {
    hint: `Looked at ${looked.join(", ")}. Name it with --state-dir <dir> or --profile <name>.`,
  });
}

/** Where the state directory is, or would be: the likeliest place first. */
export async function statePlaces(query: InstanceQuery): Promise<string[]> {
  return (await placesToLook(query)).map(({ stateDir }) => stateDir);
}

interface Place {
  name: string;
  stateDir: string;
  /**
   * How far `OPENCLAW_CONFIG_PATH` speaks of this state: `first` when the environment chose it too,
   * `last` when a flag chose it (its own file is likelier), `never` for other profiles.
   */
  environmentConfig: "first" | "last" | "never";
}

async function placesToLook(query: InstanceQuery): Promise<Place[]> {
  const home = openclawHome(query);
  const absolute = (path: string) => resolve(expandTilde(path, home));
  if (query.stateDir !== undefined) {
    const stateDir = absolute(query.stateDir);
    return [{ name: query.profile ?? nameOf(stateDir), stateDir, environmentConfig: "last" }];
  }
  if (query.profile !== undefined) {
    const stateDir = join(home, profileDirectory(query.profile));
    return [{ name: query.profile, stateDir, environmentConfig: "last" }];
  }
  const fromEnvironment = variable(query.env, "OPENCLAW_STATE_DIR");
  if (fromEnvironment !== undefined) {
    const stateDir = absolute(fromEnvironment);
    const name = variable(query.env, "OPENCLAW_PROFILE") ?? nameOf(stateDir);
    return [{ name, stateDir, environmentConfig: "first" }];
  }
  const current = join(home, STATE_NAME);
  const names = (await isDirectory(current)) ? [STATE_NAME] : [STATE_NAME, LEGACY_STATE_NAME];
  const standard = names.map((name): Place => {
    return { name: "default", stateDir: join(home, name), environmentConfig: "first" };
  });
  return [...standard, ...(await profilesIn(home))];
}

async function profilesIn(home: string): Promise<Place[]> {
  const names = await readdir(home).catch(() => []);
  return names
    .filter((name) => /^\.openclaw-[\w-]+$/.test(name))
    .sort()
    .map((name) => ({
      name: nameOf(name),
      stateDir: join(home, name),
      environmentConfig: "never",
    }));
}

function profileDirectory(profile: string): string {
  return profile.toLowerCase() === "default" ? STATE_NAME : `${STATE_NAME}-${profile}`;
}

function nameOf(stateDir: string): string {
  const name = basename(stateDir);
  return name.startsWith(`${STATE_NAME}-`) ? name.slice(STATE_NAME.length + 1) : "default";
}

async function instanceAt(place: Place, query: InstanceQuery): Promise<Instance | undefined> {
  const { name, stateDir } = place;
  if (!(await isDirectory(stateDir))) return undefined;
  const home = openclawHome(query);
  const realStateDir = await realpath(stateDir);
  return { name, stateDir, realStateDir, configPath: await configOf(place, home, query), home };
}

async function configOf(
  { stateDir, environmentConfig }: Place,
  home: string,
  query: InstanceQuery,
): Promise<string | undefined> {
  const absolute = (path: string) => resolve(expandTilde(path, home));
  if (query.configPath !== undefined) return absolute(query.configPath);
  const fromEnvironment = variable(query.env, "OPENCLAW_CONFIG_PATH");
  if (fromEnvironment !== undefined && environmentConfig === "first") {
    return absolute(fromEnvironment);
  }
  for (const name of CONFIG_NAMES) {
    const path = join(stateDir, name);
    if (await exists(path)) return path;
  }
  if (fromEnvironment !== undefined && environmentConfig === "last") {
    return absolute(fromEnvironment);
  }
  return undefined;
}

async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (info) => info.isDirectory(),
    () => false,
  );
}

/** A dangling link counts: it is in the way, and its target is worth a complaint later. */
async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
