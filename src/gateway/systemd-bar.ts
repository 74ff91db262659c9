import { lstat, mkdir, rm, rmdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ClawbackError, errno, messageOf } from "../errors.ts";
import { writeFileAtomic } from "../fs/atomic.ts";
import type { Instance } from "../openclaw/find-instance.ts";
import { serviceFiles } from "../openclaw/service-files.ts";
import type { Surroundings } from "../openclaw/user-paths.ts";
import type { GatewayControl } from "./recipe.ts";
import { environmentFor, managerSays, unitNames, unitState } from "./systemd.ts";
import type { UnitRef } from "./systemd.ts";

const FILE_NAME = "clawback-restore.conf";

/** A drop-in by which a unit is skipped as long as a file exists. */
export interface SystemdBar extends UnitRef {
  kind: "systemd";
  /** The drop-in, absolute. */
  file: string;
  /** Directories above it that were made for it, the innermost first. */
  made: string[];
  journalFile: string;
}

/**
 * The units that may start the gateway of an instance: the one that runs it, and those with
 * OpenClaw's names for it, running or not.
 *
 * The drop-ins go to where `systemctl set-property` puts its own (systemd.unit(5): `user.control`,
 * `system.control`), as the directories beside the units are themselves replaced by a restore.
 */
export async function systemdBars(
  instance: Instance,
  surroundings: Surroundings,
  journalFile: string,
  control: GatewayControl | undefined,
): Promise<SystemdBar[]> {
  if (surroundings.platform !== "linux") return [];
  const env = environmentFor(surroundings);
  const onDisk = await serviceFiles(instance, surroundings);
  const running = control?.recipe();
  const bars: SystemdBar[] = [];
  for (const scope of ["user", "system"] as const) {
    if (scope === "system" && process.getuid?.() !== 0) continue;
    const folder = await controlDirectory(scope, surroundings);
    const own = running?.kind === "systemd" && running.scope === scope ? [running.unit] : [];
    for (const unit of new Set([...own, ...unitNames(instance)])) {
      const ref: UnitRef = { scope, unit, env };
      const isThere =
        (await unitState(ref))?.loaded ??
        (scope === "user" && onDisk.some((path) => path.endsWith(`/user/${unit}`)));
      if (!isThere) continue;
      const file = join(folder, `${unit}.d`, FILE_NAME);
      bars.push({ kind: "systemd", ...ref, file, made: await missingAbove(file), journalFile });
    }
  }
  return bars;
}

/** @throws E_GATEWAY */
export async function raiseDropIn(bar: SystemdBar): Promise<void> {
  const lines = [
    "# Clawback replaces what this unit works on, and removes this file when it has.",
    "[Unit]",
    `ConditionPathExists=!${escaped(bar.journalFile)}`,
  ];
  try {
    await mkdir(dirname(bar.file), { recursive: true, mode: 0o755 });
    await writeFileAtomic(bar.file, `${lines.join("\n")}\n`, { mode: 0o644 });
  } catch (error) {
    throw new ClawbackError("E_GATEWAY", `cannot bar ${bar.unit}: ${messageOf(error)}`, {
      cause: error,
    });
  }
  await reload(bar);
}

/** What of it is there. Should the manager not hear of it: without its file the bar lets through. */
export async function liftDropIn(bar: SystemdBar): Promise<string | undefined> {
  try {
    if ((await lstat(bar.file).catch(() => undefined)) === undefined) return undefined;
    await rm(bar.file, { force: true });
    for (const directory of bar.made) await removeIfEmpty(directory);
    await reload(bar);
    return undefined;
  } catch (error) {
    const command = `rm ${bar.file}; systemctl --${bar.scope} daemon-reload`;
    return `${bar.unit} is still barred (${messageOf(error)}): ${command}`;
  }
}

/** Where there is no manager, its next start reads what is on disk. */
async function reload(bar: SystemdBar): Promise<void> {
  await managerSays(bar, ["daemon-reload"]);
}

async function controlDirectory(scope: UnitRef["scope"], at: Surroundings): Promise<string> {
  const name = `/systemd/${scope}.control`;
  const said = await managerSays({ scope, env: environmentFor(at) }, [
    "show",
    "--property=UnitPath",
    "--value",
  ]);
  const paths = (said ?? "").trim().split(" ");
  const persistent = paths.find((path) => path.endsWith(name) && !path.startsWith("/run/"));
  if (persistent !== undefined) return persistent;
  return scope === "system" ? `/etc${name}` : join(at.home, ".config", name);
}

async function missingAbove(file: string): Promise<string[]> {
  const missing: string[] = [];
  for (let at = dirname(file); at !== dirname(at); at = dirname(at)) {
    if ((await lstat(at).catch(() => undefined)) !== undefined) break;
    missing.push(at);
  }
  return missing;
}

async function removeIfEmpty(directory: string): Promise<void> {
  try {
    await rmdir(directory);
  } catch (error) {
    if (!["ENOENT", "ENOTEMPTY", "EEXIST"].includes(errno(error) ?? "")) throw error;
  }
}

/** `%` begins a specifier (systemd.unit(5)); a path in a condition is otherwise taken as it is. */
function escaped(path: string): string {
  return path.replaceAll("%", "%%");
}
