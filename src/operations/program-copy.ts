import { cp, mkdir, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { errno } from "../errors.ts";
import { parseLocation } from "../storage/location.ts";

/** The package's own directory: of `src/operations` and of `dist/operations` alike. */
const PACKAGE_ROOT = fileURLToPath(new URL("../..", import.meta.url));
const PARTS = ["bin", "dist", "LICENSE", "README.md"];

/**
 * Where a copy of the program is kept: beside a repository on a disk, so that the day on which the
 * machine is gone needs nothing but Node. Undefined for other storages.
 */
export function programDirectory(location: string): string | undefined {
  const { scheme, path } = parseLocation(location, { home: "/" });
  return scheme === "local" ? `${path.replace(/\/+$/, "")}-program` : undefined;
}

/**
 * Copies the program and the packages it runs on. A copy of the same version is left alone.
 *
 * @returns where it lies; undefined where there is no place for one
 */
export async function keepProgramCopy(location: string): Promise<string | undefined> {
  const target = programDirectory(location);
  if (target === undefined) return undefined;
  const own = await packageFile(PACKAGE_ROOT);
  if ((await packageFile(target).catch(() => undefined))?.version === own?.version) return target;
  const fresh = `${target}.new`;
  await rm(fresh, { recursive: true, force: true });
  await mkdir(fresh, { recursive: true, mode: 0o700 });
  for (const part of PARTS) {
    await cp(join(PACKAGE_ROOT, part), join(fresh, part), { recursive: true }).catch(ignoreMissing);
  }
  await copyDependencies(PACKAGE_ROOT, fresh);
  // Last: a copy without it is not taken for one.
  await cp(join(PACKAGE_ROOT, "package.json"), join(fresh, "package.json"));
  await rm(target, { recursive: true, force: true });
  await rename(fresh, target);
  return target;
}

interface PackageFile {
  version: string;
  dependencies?: Record<string, string>;
}

async function packageFile(directory: string): Promise<PackageFile | undefined> {
  try {
    return JSON.parse(await readFile(join(directory, "package.json"), "utf8")) as PackageFile;
  } catch (error) {
    if (errno(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** Everything that the program needs at run time, flat, as npm lays it out. */
async function copyDependencies(root: string, target: string): Promise<void> {
  const open = [{ from: root, names: Object.keys((await packageFile(root))?.dependencies ?? {}) }];
  const done = new Set<string>();
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const name of next.names) {
      if (done.has(name)) continue;
      done.add(name);
      const from = await findPackage(name, next.from);
      if (from === undefined) continue;
      await cp(from, join(target, "node_modules", name), { recursive: true });
      open.push({ from, names: Object.keys((await packageFile(from))?.dependencies ?? {}) });
    }
  }
}

/** As Node looks for it: in `node_modules` here and in every directory above. */
async function findPackage(name: string, from: string): Promise<string | undefined> {
  for (let directory = from; ; directory = dirname(directory)) {
    const candidate = join(directory, "node_modules", name);
    if ((await packageFile(candidate)) !== undefined) return candidate;
    if (dirname(directory) === directory) return undefined;
  }
}

function ignoreMissing(error: unknown): void {
  if (errno(error) !== "ENOENT") throw error;
}
