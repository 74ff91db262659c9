import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { openclaw, resticVersions } from "../../test/peers/peers.ts";
import type { Command } from "./attempt.ts";

/** Where one run of one tool happens; everything it writes is below `dir`. */
export interface Place {
  dir: string;
  /** Where it stores what it makes. */
  store: string;
  /** Where it unpacks that to. */
  target: string;
  passwordFile: string;
  stateDir: string;
  /** As the instance's own programs see it. */
  env: Record<string, string>;
}

/** A tool as this comparison drives it. */
export interface Rival {
  name: string;
  version: string;
  /** How its result is asked whether it is sound, without unpacking; none: it has no way. */
  verify?: (place: Place) => Command;
  prepare?: (place: Place) => Command;
  capture: (place: Place) => Command;
  unpack: (place: Place) => Command;
  /** The directory below `target` in which absolute paths are laid out. */
  root?: (place: Place) => string;
}

/** The tools that are installed here. Each is told of the state directory and of nothing else. */
export function findRivals(): Rival[] {
  const restic = resticVersions.findLast(({ program }) => program !== undefined)?.program;
  return [
    clawback(),
    ...(openclaw.program === undefined ? [] : [openclawBackup(openclaw.program)]),
    ...(restic === undefined ? [] : [stockRestic(restic)]),
    tar(),
  ];
}

function clawback(): Rival {
  const program = resolve(import.meta.dirname, "../../bin/clawback.js");
  const run = (place: Place, ...args: string[]): Command => {
    const own = (name: string): string => join(place.dir, "xdg", name);
    const env = {
      ...place.env,
      CLAWBACK_REPO: place.store,
      CLAWBACK_PASSWORD_FILE: place.passwordFile,
      XDG_CONFIG_HOME: own("config"),
      XDG_STATE_HOME: own("state"),
      XDG_CACHE_HOME: own("cache"),
      XDG_DATA_HOME: own("data"),
    };
    const argv = [program, ...args, "--state-dir", place.stateDir, "--json"];
    return { argv: [process.execPath, ...argv], env };
  };
  return {
    name: "clawback backup",
    version: versionOf(process.execPath, program, "--version"),
    prepare: (place) => run(place, "init", "--no-backup", "--no-schedule", "--yes"),
    capture: (place) => run(place, "backup"),
    verify: (place) => run(place, "check", "--read-data"),
    unpack: (place) => run(place, "restore", "--target", place.target),
  };
}

function openclawBackup(script: string): Rival {
  const run = ({ env }: Place, ...args: string[]): Command => ({
    argv: [process.execPath, script, "backup", ...args],
    env,
  });
  const archive = ({ store }: Place): string => join(store, readdirSync(store)[0] ?? "nothing");
  return {
    name: "openclaw backup create",
    version: versionOf(process.execPath, script, "--version"),
    capture: (place) => {
      mkdirSync(place.store);
      return run(place, "create", "--output", place.store, "--json");
    },
    verify: (place) => run(place, "verify", archive(place), "--json"),
    unpack: (place) => run(place, "restore", archive(place), "--target", place.target),
    root: ({ target }) => join(target, readdirSync(target)[0] ?? "nothing", "payload/posix"),
  };
}

function stockRestic(program: string): Rival {
  const run = ({ env, dir, store, passwordFile }: Place, ...args: string[]): Command => ({
    argv: [program, ...args],
    env: {
      ...env,
      RESTIC_REPOSITORY: store,
      RESTIC_PASSWORD_FILE: passwordFile,
      RESTIC_CACHE_DIR: join(dir, "cache"),
    },
  });
  return {
    name: "restic backup",
    version: versionOf(program, "version"),
    prepare: (place) => run(place, "init"),
    capture: (place) => run(place, "backup", place.stateDir),
    verify: (place) => run(place, "check", "--read-data"),
    unpack: (place) => run(place, "restore", "latest", "--target", place.target),
  };
}

function tar(): Rival {
  const archive = ({ store }: Place): string => join(store, "state.tar.gz");
  const run = ({ env }: Place, ...args: string[]): Command => ({ argv: ["tar", ...args], env });
  return {
    name: "tar czf",
    version: versionOf("tar", "--version"),
    capture: (place) => {
      mkdirSync(place.store);
      const [from, what] = ["/", place.stateDir.slice(1)];
      return run(place, "czf", archive(place), "-C", from, what);
    },
    unpack: (place) => {
      mkdirSync(place.target);
      return run(place, "xzf", archive(place), "-C", place.target);
    },
  };
}

/** The first number with dots in what a program says of its version. */
function versionOf(program: string, ...args: string[]): string {
  const said = execFileSync(program, args, { encoding: "utf8" });
  return /\d+(\.\d+)+/.exec(said)?.[0] ?? said.trim();
}
