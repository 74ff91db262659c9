import { join } from "node:path";
import type { Instance } from "./find-instance.ts";
import type { Surroundings } from "./user-paths.ts";

/**
 * The files by which the system starts an instance's gateway, whether they exist or not. They
 * belong to the account, not to `OPENCLAW_HOME` (docs/install/uninstall.md of OpenClaw's package).
 */
export function serviceFiles({ name }: Instance, { home, platform }: Surroundings): string[] {
  const isDefault = name === "default";
  if (platform === "darwin") {
    const labels = isDefault ? ["gateway", "node"] : [name];
    return labels.map((label) => join(home, "Library/LaunchAgents", `ai.openclaw.${label}.plist`));
  }
  const units = isDefault
    ? ["openclaw-gateway", "openclaw-node", "clawdbot-gateway"]
    : [`openclaw-gateway-${name}`];
  return units.flatMap((unit) => {
    const path = join(home, ".config/systemd/user", `${unit}.service`);
    return [path, `${path}.d`];
  });
}
