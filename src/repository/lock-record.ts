import { userInfo } from "node:os";
import { currentProcess, type ProcessIdentity } from "../fs/process-identity.ts";

/**
 * A lock file's content: restic's fields, and ours that say which process holds it. restic passes
 * over the ones it does not know.
 */
export interface LockRecord {
  /** RFC 3339, of the last refresh, by the holder's clock. */
  time: string;
  exclusive: boolean;
  hostname: string;
  username: string;
  pid: number;
  uid: number;
  gid: number;
  boot_id?: string;
  pid_namespace?: string;
  process_start?: string;
  machine_id?: string;
  [extra: string]: unknown;
}

/** Who takes a lock. */
export interface LockIdentity extends ProcessIdentity {
  username: string;
  uid: number;
  gid: number;
}

/** This process. uid and gid are 0 where there are none (Windows), as restic has it. */
export async function currentLockIdentity(): Promise<LockIdentity> {
  return {
    ...(await currentProcess()),
    username: nameOfUser(),
    uid: process.getuid?.() ?? 0,
    gid: process.getgid?.() ?? 0,
  };
}

export function lockRecord(identity: LockIdentity, exclusive: boolean, now: number): LockRecord {
  const { bootId, pidNamespace, processStart, machineId, ...own } = identity;
  const { hostname, username, pid, uid, gid } = own;
  return {
    time: new Date(now).toISOString(),
    exclusive,
    hostname,
    username,
    pid,
    uid,
    gid,
    ...(bootId !== undefined && { boot_id: bootId }),
    ...(pidNamespace !== undefined && { pid_namespace: pidNamespace }),
    ...(processStart !== undefined && { process_start: processStart }),
    ...(machineId !== undefined && { machine_id: machineId }),
  };
}

/** The process that wrote a record, as far as the record tells. */
export function holderOf(record: LockRecord): ProcessIdentity {
  const { hostname, pid, boot_id, pid_namespace, process_start, machine_id } = record;
  return {
    hostname,
    pid,
    ...(boot_id !== undefined && { bootId: boot_id }),
    ...(pid_namespace !== undefined && { pidNamespace: pid_namespace }),
    ...(process_start !== undefined && { processStart: process_start }),
    ...(machine_id !== undefined && { machineId: machine_id }),
  };
}

/** A uid without an entry in /etc/passwd (a container's) has no name. */
function nameOfUser(): string {
  try {
    return userInfo().username;
  } catch {
    return "";
  }
}
