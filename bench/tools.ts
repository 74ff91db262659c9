import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { openclaw, resticVersions } from "../test/peers/peers.ts";
import type { Command } from "./measure.ts";

/** Where one tool works: everything it writes is below `dir`. */
export interface Place {
  dir: string;
  /** The home of the sample; the instance is `.openclaw` in it. */
  home: string;
  /** Holds the password for whatever the tool encrypts. */
  passwordFile: string;
}

/** A tool as the bench drives it. What it cannot do is left out. */
export interface Tool {
  name: string;
  /** What it stores is below this folder of `Place.dir`. */
  repository: string;
  init?: (place: Place) => Command;
  backup: (place: Place) => Command;
  restore?: (place: Place, target: string) => Command;
  check?: (place: Place) => Command;
}

const BORG_ARCHIVE = "::snapshot-{now:%s}";

/** The tools that are installed here, Clawback first, in the order they run. */
export function findTools(): Tool[] {
  const tools = [clawback()];
  for (const { name, program } of resticVersions) {
    if (program !== undefined) tools.push(restic(name, program));
  }
  if (spawnSync("borg", ["--version"]).status === 0) tools.push(borg());
  if (openclaw.program !== undefined) tools.push(openclawBackup(openclaw.program));
  return tools;
}

function environment({ dir, home }: Place): Record<string, string> {
  const path = process.env["PATH"] ?? "";
  return { PATH: path, HOME: home, TMPDIR: join(dir, "tmp"), LANG: "C.UTF-8", TZ: "UTC" };
}

function stateDir({ home }: Place): string {
  return join(home, ".openclaw");
}

function clawback(): Tool {
  const program = resolve(import.meta.dirname, "../bin/clawback.js");
  const run = (place: Place, ...args: string[]): Command => {
    const repository = ["--repo", join(place.dir, "repository")];
    const password = ["--password-file", place.passwordFile];
    const common = [...repository, ...password, "--state-dir", stateDir(place), "--json"];
    const own = (name: string): string => join(place.dir, "xdg", name);
    const env = {
      ...environment(place),
      XDG_CONFIG_HOME: own("config"),
      XDG_STATE_HOME: own("state"),
      XDG_CACHE_HOME: own("cache"),
      XDG_DATA_HOME: own("data"),
    };
    return { argv: [process.execPath, program, ...args, ...common], env };
  };
  return {
    name: "clawback",
    repository: "repository",
    init: (place) => run(place, "init", "--no-backup", "--no-schedule", "--yes"),
    backup: (place) => run(place, "backup"),
    restore: (place, target) => run(place, "restore", "latest", "--target", target),
    check: (place) => run(place, "check", "--read-data"),
  };
}

function restic(name: string, program: string): Tool {
  const run = (place: Place, ...args: string[]): Command => ({
    argv: [program, "--repo", join(place.dir, "repository"), ...args],
    env: {
      ...environment(place),
      RESTIC_PASSWORD_FILE: place.passwordFile,
      RESTIC_CACHE_DIR: join(place.dir, "cache"),
    },
  });
  return {
    name,
    repository: "repository",
    init: (place) => run(place, "init"),
    backup: (place) => run(place, "backup", stateDir(place)),
    restore: (place, target) => run(place, "restore", "latest", "--target", target),
    check: (place) => run(place, "check", "--read-data"),
  };
}

function borg(): Tool {
  const run = (place: Place, ...args: string[]): Command => ({
    argv: ["borg", ...args],
    env: {
      ...environment(place),
      BORG_REPO: join(place.dir, "repository"),
      BORG_PASSCOMMAND: `cat ${place.passwordFile}`,
      BORG_BASE_DIR: join(place.dir, "borg"),
    },
  });
  return {
    name: "borg",
    repository: "repository",
    init: (place) => run(place, "init", "--encryption", "repokey-blake2"),
    backup: (place) =>
      run(place, "create", "--compression", "zstd,3", BORG_ARCHIVE, stateDir(place)),
    restore: (place, target) => {
      const list = run(place, "list", "--last", "1", "--format", "{archive}");
      const archive = spawnSync("borg", list.argv.slice(1), { env: list.env, encoding: "utf8" });
      return { ...run(place, "extract", `::${archive.stdout.trim()}`), cwd: target };
    },
    check: (place) => run(place, "check", "--verify-data"),
  };
}

function openclawBackup(script: string): Tool {
  const run = (place: Place, ...args: string[]): Command => ({
    argv: [process.execPath, script, "backup", ...args],
    env: environment(place),
  });
  const newest = (place: Place): string => {
    const archives = readdirSync(join(place.dir, "repository")).toSorted();
    return join(place.dir, "repository", archives.at(-1) ?? "");
  };
  return {
    name: "openclaw backup",
    repository: "repository",
    backup: (place) => run(place, "create", "--output", join(place.dir, "repository"), "--json"),
    restore: (place, target) => run(place, "restore", newest(place), "--target", target),
    check: (place) => run(place, "verify", newest(place), "--json"),
  };
}
