/**
 * An instance among mounts, in a mount namespace of its own. Arguments: what is to be shown, the
 * root of the household. Prints what came of it as JSON.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cp, mkdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { backup } from "../../../src/operations/backup.ts";
import type { OperationContext } from "../../../src/operations/context.ts";
import { silentProgress } from "../../../src/progress.ts";
import { fingerprint } from "../../lab/fingerprint.ts";
import { contextAt, restoreInPlace, undo } from "../here.ts";

const [what = "", root = ""] = process.argv.slice(2);
const home = join(root, "home");
const stateDir = join(home, ".openclaw");
const usual = contextAt(root, home, join(root, "disk/repository"));
const mount = (...words: string[]) => execFileSync("mount", words);

const shows: Record<string, () => Promise<object>> = { volume, full };
process.stdout.write(JSON.stringify(await shows[what]?.()));
process.exit(0);

/** As in a container: the state directory is a volume, the workspace another one in it. */
async function volume(): Promise<object> {
  const volume = join(root, "volume");
  await rename(stateDir, volume);
  await mkdir(stateDir);
  mount("--bind", volume, stateDir);
  const workspace = join(stateDir, "workspace");
  await cp(workspace, join(root, "old-workspace"), { recursive: true });
  mount("-t", "tmpfs", "tmpfs", workspace);
  await cp(join(root, "old-workspace"), workspace, { recursive: true });
  await take();
  writeFileSync(join(workspace, "later.md"), "later");
  writeFileSync(join(stateDir, "openclaw.json"), "{}");
  rmSync(join(workspace, "SOUL.md"));
  await restoreInPlace(usual);
  const soul = () => existsSync(join(workspace, "SOUL.md"));
  const later = () => existsSync(join(workspace, "later.md"));
  const restored = [
    soul(),
    later(),
    readFileSync(join(stateDir, "openclaw.json"), "utf8") === "{}",
  ];
  await undo(usual);
  const undone = [soul(), later(), readFileSync(join(stateDir, "openclaw.json"), "utf8") === "{}"];
  return { restored, undone };
}

/** The disk has room, and fills while the new tree is built. */
async function full(): Promise<object> {
  const before = join(root, "before");
  await rename(home, before);
  await mkdir(home);
  mount("-t", "tmpfs", "-o", "size=64m", "tmpfs", home);
  await cp(before, home, { recursive: true, preserveTimestamps: true });
  writeFileSync(join(stateDir, "media/film.mp4"), Buffer.alloc(8 << 20, "x"));
  await take();
  writeFileSync(join(stateDir, "workspace/later.md"), "later");
  const then = await fingerprint(home);
  const filler = join(home, "filler");
  const start = (): void => {
    try {
      for (let part = 0; ; part++) writeFileSync(`${filler}-${part}`, Buffer.alloc(1 << 20, 1));
    } catch {
      // Full.
    }
  };
  const halfway: OperationContext = { ...usual, progress: { ...silentProgress, start } };
  const failed = await restoreInPlace(halfway).catch((error: { code?: string }) => error.code);
  for (const name of readdirSync(home)) {
    if (name.startsWith("filler")) rmSync(join(home, name));
  }
  const now = await fingerprint(home);
  const same =
    now.size === then.size && [...then].every(([name, print]) => now.get(name) === print);
  writeFileSync(filler, Buffer.alloc(40 << 20, 1));
  const refused = await restoreInPlace(usual).catch((error: { code?: string }) => error.code);
  rmSync(filler);
  await restoreInPlace(usual);
  return { failed, same, refused, later: existsSync(join(stateDir, "workspace/later.md")) };
}

async function take(): Promise<void> {
  await backup(usual, {
    components: [],
    agents: [],
    exclude: [],
    tags: [],
    verify: false,
    gateway: "keep-running",
    dryRun: false,
  });
}
