import { isAbsolute, join, relative, resolve, sep } from "node:path";

/** What decides where OpenClaw looks. Handed in, so that tests need no real home. */
export interface Surroundings {
  env: Readonly<Record<string, string | undefined>>;
  /** The user's home directory, absolute. */
  home: string;
  platform: NodeJS.Platform;
  /** Where the system keeps its own units, if not in `/etc/systemd/system`. */
  systemUnits?: string;
}

/** The value of a variable; blank ones, `undefined` and `null` count as unset, as OpenClaw has it. */
export function variable(env: Surroundings["env"], name: string): string | undefined {
  const value = env[name]?.trim();
  return value === undefined || ["", "undefined", "null"].includes(value) ? undefined : value;
}

/** The home that OpenClaw's own default paths start from: `OPENCLAW_HOME`, else the user's. */
export function openclawHome({ env, home }: Surroundings): string {
  const own = variable(env, "OPENCLAW_HOME");
  return own === undefined ? resolve(home) : resolve(home, expandTilde(own, home));
}

/** `~` and `~/…` put below `home`; anything else as it is. */
export function expandTilde(path: string, home: string): string {
  return path === "~" || path.startsWith("~/") ? join(home, path.slice(1)) : path;
}

/** Whether `path` is `directory` or lies below it, by their names alone. Both absolute. */
export function isWithin(path: string, directory: string): boolean {
  const way = relative(directory, path);
  return way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}
