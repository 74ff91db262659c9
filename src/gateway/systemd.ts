import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { promisify } from "node:util";
import { ClawbackError, errno, messageOf } from "../errors.ts";
import type { Instance } from "../openclaw/find-instance.ts";
import type { Surroundings } from "../openclaw/user-paths.ts";
import { probeOf } from "./probe.ts";
import { controlGroupsOf, keyOf, statusOf, withAncestors } from "./process-table.ts";
import type { GatewayControl, SystemdRecipe } from "./recipe.ts";

const CALL_TIMEOUT_MS = 30_000;
const PROPERTIES = ["LoadState", "ActiveState", "MainPID", "ControlGroup"];
const FROM_ENVIRONMENT = ["PATH", "HOME", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS"];

export interface UnitState {
  loaded: boolean;
  /** `active`, `activating`, `deactivating`, `inactive`, `failed` … */
  active: string;
  mainPid: number;
  controlGroup: string;
}

/** A unit, and how to reach the manager that it belongs to. */
export type UnitRef = Pick<SystemdRecipe, "scope" | "unit" | "env">;

/**
 * The active unit that runs the gateway: one with OpenClaw's name for this profile, or whatever unit
 * the process's control group names; the user's manager before the system's.
 *
 * @param gateway its pid; without one, an active unit of the right name is taken for it
 * @throws E_GATEWAY when it is a user unit of somebody else's manager
 */
export async function systemdControl(
  instance: Instance,
  surroundings: Surroundings,
  gateway: number | undefined,
  port: number | undefined,
): Promise<GatewayControl | undefined> {
  const groups = gateway === undefined ? [] : await controlGroupsOf(gateway);
  const line = gateway === undefined ? [] : await withAncestors(gateway);
  const env = environmentFor(surroundings);
  for (const scope of ["user", "system"] as const) {
    for (const unit of new Set([...groups.flatMap(unitIn), ...unitNames(instance)])) {
      const ref: UnitRef = { scope, unit, env };
      const state = await unitState(ref);
      if (state === undefined) break;
      if (!state.loaded || state.active !== "active") continue;
      const within = groups.some((group) => isBelow(group, state.controlGroup));
      if (gateway !== undefined && !line.includes(state.mainPid) && !within) continue;
      return controlOf(ref, gateway ?? state.mainPid, port);
    }
  }
  await refuseOthersUnit(gateway, groups);
  return undefined;
}

/** Undefined where there is no such manager (or no systemd at all). */
export async function unitState(ref: UnitRef): Promise<UnitState | undefined> {
  let text: string;
  try {
    text = await systemctl(ref, ["show", ...PROPERTIES.map((name) => `--property=${name}`)]);
  } catch {
    return undefined;
  }
  const lines = text.trim().split("\n");
  const values = new Map(lines.map((line) => line.split("=", 2) as [string, string]));
  return {
    loaded: values.get("LoadState") === "loaded",
    active: values.get("ActiveState") ?? "",
    mainPid: Number(values.get("MainPID") ?? 0),
    controlGroup: values.get("ControlGroup") ?? "",
  };
}

/** What a manager answers that is no matter of one unit. Undefined where there is no such manager. */
export async function managerSays(
  { scope, env }: Omit<UnitRef, "unit">,
  words: string[],
): Promise<string | undefined> {
  const args = [`--${scope}`, "--no-ask-password", "--no-pager", ...words];
  const options = { env, timeout: CALL_TIMEOUT_MS };
  return promisify(execFile)("systemctl", args, options).then(
    ({ stdout }) => stdout,
    () => undefined,
  );
}

/** @throws E_GATEWAY with what systemctl said */
export async function systemctl({ scope, unit, env }: UnitRef, words: string[]): Promise<string> {
  const args = [`--${scope}`, "--no-ask-password", "--no-pager", ...words, unit];
  try {
    const options = { env, timeout: CALL_TIMEOUT_MS };
    return (await promisify(execFile)("systemctl", args, options)).stdout;
  } catch (error) {
    const said = (error as { stderr?: string }).stderr?.trim() ?? "";
    const what = errno(error) === "ENOENT" ? "systemctl is not here" : said || messageOf(error);
    throw new ClawbackError("E_GATEWAY", `systemctl ${words[0]} ${unit}: ${what}`, {
      ...(scope === "system" && { hint: "System units are root's to stop and start." }),
      cause: error,
    });
  }
}

async function controlOf(
  ref: UnitRef,
  pid: number,
  port: number | undefined,
): Promise<GatewayControl> {
  const gateway = await keyOf(pid);
  const { mainPid } = (await unitState(ref)) ?? { mainPid: 0 };
  const keys = await Promise.all([pid, mainPid].filter((each) => each > 0).map(keyOf));
  const recipe: SystemdRecipe = {
    kind: "systemd",
    ...ref,
    processes: keys.filter((key) => key !== undefined),
    probe: await probeOf(port),
  };
  const describe = `the systemd ${ref.scope} unit ${ref.unit}`;
  return { kind: "systemd", describe, notes: [], port, gateway, recipe: () => recipe };
}

/** OpenClaw's names for its own units (docs/gateway/index.md of its package), and the old ones. */
export function unitNames({ name }: Instance): string[] {
  if (name !== "default") return [`openclaw-gateway-${name}.service`];
  return ["openclaw-gateway.service", "clawdbot-gateway.service"];
}

/** `/user.slice/…/user@1000.service/app.slice/x.service/…` → `x.service` */
function unitIn(group: string): string[] {
  const services = group.split("/").filter((part) => part.endsWith(".service"));
  const last = services.at(-1);
  return last === undefined || last.startsWith("user@") ? [] : [last];
}

function isBelow(group: string, unitGroup: string): boolean {
  return unitGroup !== "" && `${group}/`.includes(`${unitGroup}/`);
}

async function refuseOthersUnit(pid: number | undefined, groups: string[]): Promise<void> {
  if (pid === undefined || !groups.some((group) => group.includes("/user@"))) return;
  const uid = (await statusOf(pid))["Uid"]?.split(/\s+/)[0];
  if (uid === String(process.getuid?.()) || groups.flatMap(unitIn).length === 0) return;
  throw new ClawbackError("E_GATEWAY", "the gateway is a systemd user unit of another user", {
    hint: `Run Clawback as the user with the id ${uid}: nobody else reaches that service manager.`,
  });
}

/** As small as it can be; a job of cron has no XDG_RUNTIME_DIR, where logind has made it. */
export function environmentFor({ env }: Surroundings): Record<string, string> {
  const runtime = `/run/user/${process.getuid?.() ?? 0}`;
  const all = {
    ...(existsSync(runtime) && { XDG_RUNTIME_DIR: runtime }),
    ...Object.fromEntries(FROM_ENVIRONMENT.map((name) => [name, env[name]])),
    LC_ALL: "C",
  };
  const entries = Object.entries(all).filter((entry): entry is [string, string] => {
    return entry[1] !== undefined && entry[1] !== "";
  });
  return Object.fromEntries(entries);
}
