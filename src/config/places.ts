import { isAbsolute, join } from "node:path";

/** Where Clawback keeps what is its own; none of it ever lies inside the OpenClaw state. */
export interface Places {
  /** The settings: `$XDG_CONFIG_HOME/clawback/config.json5`. */
  configFile: string;
  /** 0600 files with key phrases, in a 0700 directory beside the settings. */
  secretsDir: string;
  /** Journal and history. */
  stateDir: string;
  cacheDir: string;
  /** The repository of somebody who named none. */
  repository: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The XDG base directories (XDG Base Directory Specification 0.8: a relative value is to be ignored).
 */
export function places(env: Environment, home: string): Places {
  const base = (name: string, fallback: string): string => {
    const value = env[name];
    const root = value !== undefined && isAbsolute(value) ? value : join(home, fallback);
    return join(root, "clawback");
  };
  const config = base("XDG_CONFIG_HOME", ".config");
  return {
    configFile: join(config, "config.json5"),
    secretsDir: join(config, "secrets"),
    stateDir: base("XDG_STATE_HOME", ".local/state"),
    cacheDir: base("XDG_CACHE_HOME", ".cache"),
    repository: join(base("XDG_DATA_HOME", ".local/share"), "repository"),
  };
}

/** `~` and `~/…` as the user's home; every other path as it is. */
export function expandHome(path: string, home: string): string {
  if (path === "~") return home;
  return path.startsWith("~/") ? join(home, path.slice(2)) : path;
}
