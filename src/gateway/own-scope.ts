import { access } from "node:fs/promises";
import { controlGroupsOf } from "./process-table.ts";

const SYSTEMD_RUN = "/usr/bin/systemd-run";

/**
 * How a process is started that shall outlive us. systemd ends whatever a service has started when
 * the service ends, in sessions of their own or not: a scheduled backup is such a service, and a
 * gateway started from it would die with it. A scope of its own is out of that.
 *
 * @returns words to put before the command, and the environment to give it
 */
export async function outsideOfService(): Promise<{
  words: string[];
  env: Record<string, string>;
}> {
  const groups = await controlGroupsOf("self");
  const service = groups.find(
    (group) => group.endsWith(".service") && !/user@\d+\.service$/.test(group),
  );
  if (service === undefined || !(await exists(SYSTEMD_RUN))) return { words: [], env: {} };
  const manager = isUsers(service) ? "--user" : "--system";
  const names = ["PATH", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS"];
  const known = names.map((name) => [name, process.env[name]] as const);
  const env = known.filter((entry): entry is [string, string] => entry[1] !== undefined);
  return {
    words: [SYSTEMD_RUN, manager, "--scope", "--quiet", "--collect", "--"],
    env: Object.fromEntries(env),
  };
}

/** In a user's manager, its services know the way to it. */
function isUsers(group: string): boolean {
  return group.includes("/user@") || process.env["MANAGERPID"] !== undefined;
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
