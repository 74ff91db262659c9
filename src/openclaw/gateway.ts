import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { isRunning } from "../fs/process-identity.ts";
import type { Instance } from "./find-instance.ts";

/**
 * Whether the instance's gateway runs on this machine, by the process that its lock names
 * (`tmp/openclaw-<uid>/gateway.state.lock`, as seen with 2026.9). Null: cannot be told, since there
 * is no lock to ask; it may run in a container, or be of another release.
 */
export async function isGatewayRunning({ realStateDir }: Instance): Promise<boolean | null> {
  const tmp = join(realStateDir, "tmp");
  const names = await readdir(tmp).catch(() => []);
  for (const name of names.filter((each) => each.startsWith("openclaw-"))) {
    const text = await readFile(join(tmp, name, "gateway.state.lock"), "utf8").catch(() => "");
    const pid = pidIn(text);
    if (pid !== undefined) return isRunning(pid);
  }
  return null;
}

function pidIn(text: string): number | undefined {
  try {
    const { pid } = JSON.parse(text) as { pid?: unknown };
    return typeof pid === "number" && Number.isInteger(pid) && pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}
