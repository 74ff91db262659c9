import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Instance } from "./find-instance.ts";
import type { Surroundings } from "./user-paths.ts";

/**
 * The files by which the system starts an instance's gateway: those in the usual places whose
 * names say so. They belong to the account or the machine, not to `OPENCLAW_HOME`
 * (docs/install/uninstall.md of OpenClaw's package).
 */
export async function serviceFiles(
  instance: Instance,
  { home, platform, systemUnits = "/etc/systemd/system" }: Surroundings,
): Promise<string[]> {
  const directories =
    platform === "darwin"
      ? [join(home, "Library/LaunchAgents")]
      : [join(home, ".config/systemd/user"), systemUnits];
  const starts = platform === "darwin" ? startsOnMac(instance) : startsOnLinux(instance);
  const found: string[] = [];
  for (const directory of directories) {
    const names = await readdir(directory).catch(() => []);
    found.push(...names.filter((name) => starts.test(name)).map((name) => join(directory, name)));
  }
  return found.sort();
}

/**
 * A unit and the directory of what overrides it. The default instance's may have any name after
 * `openclaw-gateway`: what belongs to a profile is taken once too often rather than not at all.
 */
function startsOnLinux({ name }: Instance): RegExp {
  const units =
    name === "default"
      ? String.raw`(?:(?:openclaw|clawdbot)-gateway[\w@.-]*|openclaw-node)`
      : String.raw`openclaw-gateway[-@]${literally(name)}`;
  return new RegExp(String.raw`^${units}\.service(?:\.d)?$`);
}

function startsOnMac({ name }: Instance): RegExp {
  const label = name === "default" ? String.raw`[\w.-]+` : literally(name);
  return new RegExp(String.raw`^ai\.openclaw\.${label}\.plist$`);
}

function literally(text: string): string {
  return text.replace(/[^\w-]/g, String.raw`\$&`);
}
