import { constants } from "node:fs";
import { cp, lstat, mkdir, mkdtemp, realpath, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ClawbackError } from "../errors.ts";
import type { CopyRoot, InstanceCopy } from "../openclaw/instance-copy.ts";
import { rewriteCopy } from "../openclaw/mapping/rewrite-copy.ts";
import { revive } from "../openclaw/revival/revive.ts";
import { workerScript } from "../worker-pool.ts";
import { fulfilled } from "./box-process.ts";
import { layConfigOver } from "./config-over.ts";
import { environmentOf, inventions } from "./environment.ts";
import type { Place, SandboxOptions } from "./place.ts";
import { freePort } from "./free-port.ts";

/**
 * A second copy with other paths and another port, for where there are no namespaces. Nothing but
 * its own good behaviour keeps OpenClaw from what else is on the machine, so that nothing is run
 * that acts by itself.
 */
export async function rewrittenPlace(options: SandboxOptions): Promise<Place> {
  const { copy, openclaw, signal } = options;
  const base = await realpath(await mkdtemp(join(options.scratch, "rewritten-")));
  const at = (path: string): string => join(base, path);
  const notes = await copyRoots(copy, at, signal);
  const mappings = [copy.home, ...copy.roots.flatMap(({ path, realPath }) => [path, realPath])];
  const report = await rewriteCopy(
    { ...copy, at },
    [...new Set(mappings)].map((from) => ({ from, to: at(from) })),
    { words: false, signal },
  );
  const [leak] = report.remaining;
  if (leak !== undefined) {
    throw new ClawbackError(
      "E_FAILED",
      `the copy still leads to the live instance: ${leak.path} ${leak.at}`.trim(),
      { hint: "Without namespaces such a copy is not started." },
    );
  }
  const inside: InstanceCopy = {
    stateDir: at(copy.stateDir),
    configPath: copy.configPath && at(copy.configPath),
    home: at(copy.home),
    roots: copy.roots.map((root): CopyRoot => {
      return { ...root, path: at(root.path), realPath: at(root.realPath) };
    }),
    at: (path) => path,
  };
  // The leases of the live gateway, which runs on this machine, would keep this one from starting.
  const now = new Date();
  const revived = await revive(inside, {
    newIdentity: false,
    beside: false,
    keepDeliveries: false,
    now,
  });
  notes.push(...revived.done.map(({ what, path }) => `${what}: ${path}`));
  await mkdir(inside.home, { recursive: true, mode: 0o700 });
  const port = await freePort();
  const configPath = inside.configPath ?? join(inside.stateDir, "openclaw.json");
  const { env, invented } = await environmentOf(inside);
  const worker = fileURLToPath(workerScript(import.meta.url, "box-worker"));
  const words = [openclaw.words[0], "--disable-warning=ExperimentalWarning", worker];
  const tmp = join(base, "clawback-tmp");
  await mkdir(tmp, { mode: 0o700 });
  // Its log would otherwise be the live gateway's.
  const logging = { file: join(tmp, "gateway.log") };
  await layConfigOver(configPath, { gateway: { port }, logging });
  const quiet = {
    OPENCLAW_GATEWAY_PORT: String(port),
    PATH: [dirname(openclaw.words[0]), "/usr/local/bin", "/usr/bin", "/bin"].join(":"),
    TMPDIR: tmp,
    NODE_COMPILE_CACHE: join(options.scratch, "cache"),
  };
  return {
    isolation: "rewritten",
    pristine: true,
    home: inside.home,
    configPath,
    port,
    notes: [...notes, ...inventions(invented)],
    fulfil: (order) => fulfilled({ words, env: { ...env, ...quiet }, signal }, order),
  };
}

/** @returns what could not be copied, a sentence each */
async function copyRoots(
  copy: InstanceCopy,
  at: (path: string) => string,
  signal: AbortSignal,
): Promise<string[]> {
  const missing: string[] = [];
  for (const { path, realPath } of copy.roots) {
    signal.throwIfAborted();
    const from = copy.at(realPath);
    if ((await lstat(from).catch(() => undefined)) === undefined) {
      missing.push(`the copy has no ${realPath}`);
      continue;
    }
    await cp(from, at(realPath), {
      recursive: true,
      preserveTimestamps: true,
      verbatimSymlinks: true,
      mode: constants.COPYFILE_FICLONE,
    });
    if (path !== realPath && (await lstat(at(path)).catch(() => undefined)) === undefined) {
      await mkdir(dirname(at(path)), { recursive: true });
      await symlink(at(realPath), at(path));
    }
  }
  return missing;
}
