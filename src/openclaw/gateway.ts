import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { isRunning, startOf } from "../fs/process-identity.ts";
import type { Instance } from "./find-instance.ts";

/** The process that an instance's gateway is, or was. */
export interface GatewayProcess {
  pid: number;
  alive: boolean;
}

/**
 * The process that the instance's gateway lock names (`tmp/openclaw-<uid>/gateway.state.lock`, as
 * seen with 2026.9: pid and start time, on Linux in ticks since boot). Undefined: there is no lock
 * to ask; it may run in a container, or be of another release.
 */
export async function gatewayProcess({
  realStateDir,
}: Pick<Instance, "realStateDir">): Promise<GatewayProcess | undefined> {
  const tmp = join(realStateDir, "tmp");
  const names = await readdir(tmp).catch(() => []);
  for (const name of names.filter((each) => each.startsWith("openclaw-"))) {
    const text = await readFile(join(tmp, name, "gateway.state.lock"), "utf8").catch(() => "");
    const holder = holderIn(text);
    if (holder !== undefined) return { pid: holder.pid, alive: await isSameProcess(holder) };
  }
  return undefined;
}

interface Holder {
  pid: number;
  startTime: number | undefined;
}

/** A pid alone proves nothing: after a crash another process may have it. */
async function isSameProcess({ pid, startTime }: Holder): Promise<boolean> {
  if (!isRunning(pid)) return false;
  const started = await startOf(pid);
  // A lock without a start time is none of a gateway that runs: OpenClaw writes it.
  return started === undefined || started === String(startTime);
}

function holderIn(text: string): Holder | undefined {
  try {
    const { pid, startTime } = JSON.parse(text) as { pid?: unknown; startTime?: unknown };
    if (typeof pid !== "number" || !Number.isInteger(pid) || pid <= 0) return undefined;
    return { pid, startTime: typeof startTime === "number" ? startTime : undefined };
  } catch {
    return undefined;
  }
}
