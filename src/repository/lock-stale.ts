import { isRunning, lifeOf } from "../fs/process-identity.ts";
import { holderOf, type LockIdentity, type LockRecord } from "./lock-record.ts";

/** restic's: a holder that lives has refreshed its lock six times by then. */
const STALE_AFTER_MS = 30 * 60_000;
/** Twice the time between two refreshes. */
const MISSED_REFRESH_MS = 10 * 60_000;
/** The namespace that Linux boots into (PROC_PID_INIT_INO): we are in no container. */
const FIRST_PID_NAMESPACE = "pid:[4026531836]";

/**
 * When each lock file was first seen, by name, milliseconds since the epoch. Refreshing gives a
 * lock a new name, so a name that stays is a lock that nobody refreshes. Kept from run to run
 * (it is plain data) it lets the next scheduled backup pass by what a crashed one left (F41).
 */
export type LockWatch = Map<string, number>;

/** Brings a watch up to date with the locks that are there. */
export function observe(watch: LockWatch, names: ReadonlySet<string>, now: number): void {
  for (const name of watch.keys()) if (!names.has(name)) watch.delete(name);
  for (const name of names) {
    const first = watch.get(name);
    // First seen in the future: our clock was wrong then, so begin again.
    if (first === undefined || first > now) watch.set(name, now);
  }
}

/**
 * Whether a lock's holder is gone. Two ways to know: it was a process of this machine, and that
 * process has ended; or its lock was watched, unrefreshed, for 30 minutes by our own clock, for
 * another machine's may be off. The lock's own time must not contradict: one that looks younger
 * than 30 minutes means that *our* clock leapt, and it is given the benefit of the doubt.
 * @param record undefined when the lock cannot be read: a crash left it empty, or it is damaged
 * @param firstSeen milliseconds since the epoch
 */
export async function isStale(
  record: LockRecord | undefined,
  firstSeen: number,
  self: LockIdentity,
  now: number,
): Promise<boolean> {
  if (record !== undefined && (await isProvablyDead(record, self, now))) return true;
  if (now - firstSeen < STALE_AFTER_MS) return false;
  const age = record === undefined ? Number.NaN : now - Date.parse(record.time);
  return !(age >= 0 && age < STALE_AFTER_MS);
}

/**
 * With our own extra fields the process is known exactly, and dead means dead. Where a doubt is
 * left (a cloned machine after a "reboot"; restic's locks, which name only host, user and pid, so
 * that a container sharing the host's name can mislead), two missed refreshes must bear it out:
 * whoever shares our host's name most likely shares its clock.
 */
async function isProvablyDead(
  record: LockRecord,
  self: LockIdentity,
  now: number,
): Promise<boolean> {
  const missed = now - Date.parse(record.time) >= MISSED_REFRESH_MS;
  if (record.boot_id === undefined) return missed && isDeadByPid(record, self);
  if (record.boot_id !== self.bootId && !missed) return false;
  return (await lifeOf(holderOf(record), self)) === "dead";
}

/** Says nothing from within a container; pid 1, which holders in containers have, always runs here. */
function isDeadByPid(record: LockRecord, self: LockIdentity): boolean {
  return (
    record.hostname === self.hostname &&
    record.uid === self.uid &&
    record.pid > 0 &&
    (self.pidNamespace === undefined || self.pidNamespace === FIRST_PID_NAMESPACE) &&
    !isRunning(record.pid)
  );
}
