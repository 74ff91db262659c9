import { createHash } from "node:crypto";
import { readdir, readFile, readlink } from "node:fs/promises";
import { hostname } from "node:os";
import { errno } from "../errors.ts";

/**
 * Who a process is, so that another one can later tell whether it still lives. A pid alone does
 * not say: pids are used again, and mean nothing across reboots and containers.
 */
export interface ProcessIdentity {
  hostname: string;
  pid: number;
  /** Linux: differs after each boot. */
  bootId?: string;
  /** Linux: pids compare only within one, e.g. `pid:[4026531836]`. */
  pidNamespace?: string;
  /** Linux: ticks from boot to the start of the process. */
  processStart?: string;
  /** Hash of the machine's own id, which stays over reboots. Missing in most containers. */
  machineId?: string;
}

export async function currentProcess(): Promise<ProcessIdentity> {
  const [bootId, pidNamespace, processStart, machine] = await Promise.all([
    readLine("/proc/sys/kernel/random/boot_id"),
    readlink("/proc/self/ns/pid").catch(() => undefined),
    startOf(process.pid),
    readLine("/etc/machine-id"),
  ]);
  return {
    hostname: hostname(),
    pid: process.pid,
    ...(bootId !== undefined && { bootId }),
    ...(pidNamespace !== undefined && { pidNamespace }),
    ...(processStart !== undefined && { processStart }),
    ...(machine !== undefined && { machineId: anonymous(machine) }),
  };
}

/**
 * Whether another process has ended, as far as `self` can know. `"unknown"` is another machine or
 * container, or one that cannot be told from it.
 */
export async function lifeOf(
  other: ProcessIdentity,
  self: ProcessIdentity,
): Promise<"alive" | "dead" | "unknown"> {
  if (other.bootId !== self.bootId) {
    const rebooted =
      other.bootId !== undefined &&
      self.bootId !== undefined &&
      other.machineId !== undefined &&
      other.machineId === self.machineId &&
      other.hostname === self.hostname;
    return rebooted ? "dead" : "unknown";
  }
  // Without a boot id (macOS, Windows) the host's name is all there is.
  if (self.bootId === undefined && other.hostname !== self.hostname) return "unknown";
  if (other.pidNamespace !== self.pidNamespace) return "unknown";
  if (!isRunning(other.pid) || (await hasEnded(other.pid))) return "dead";
  const start = await startOf(other.pid);
  const reused = start !== undefined && other.processStart !== undefined;
  return reused && start !== other.processStart ? "dead" : "alive";
}

/** Whether a process of that pid runs here, be it another user's. */
export function isRunning(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errno(error) !== "ESRCH";
  }
}

/**
 * Whether it is a zombie and nothing more: it has ended, and whoever started it has not asked yet. As
 * long as another of its threads is still ending, it may hold its files and their locks.
 */
export async function hasEnded(pid: number): Promise<boolean> {
  const line = await readLine(`/proc/${pid}/stat`);
  if (line === undefined || !/^ ?[ZX]/.test(line.slice(line.lastIndexOf(")") + 1))) return false;
  const threads = await readdir(`/proc/${pid}/task`).catch(() => []);
  return threads.length <= 1;
}

/** Field 22 of `/proc/<pid>/stat` (proc(5)); the second field may itself hold spaces and brackets. */
export async function startOf(pid: number): Promise<string | undefined> {
  const line = await readLine(`/proc/${pid}/stat`);
  return line?.slice(line.lastIndexOf(")") + 2).split(" ")[19];
}

async function readLine(path: string): Promise<string | undefined> {
  const text = await readFile(path, "utf8").catch(() => "");
  return text.trim() === "" ? undefined : text.trim();
}

/** machine-id(5) asks that the raw id stay on the machine. */
function anonymous(machineId: string): string {
  return createHash("sha256").update(`clawback:${machineId}`).digest("hex").slice(0, 32);
}
