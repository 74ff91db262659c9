import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

interface LockedPackage {
  optional?: boolean;
  os?: string[] | string;
  cpu?: string[] | string;
  integrity?: string;
  resolved?: string;
  hasInstallScript?: boolean;
  optionalDependencies?: Record<string, string>;
}

const json = (name: string) =>
  JSON.parse(readFileSync(new URL(`../${name}`, import.meta.url), "utf8")) as unknown;
const lock = json("package-lock.json") as { packages: Record<string, LockedPackage> };
const manifest = json("package.json") as {
  dependencies: Record<string, string>;
  optionalDependencies: Record<string, string>;
};
const packages = Object.entries(lock.packages).filter(([path]) => path !== "");

/** Whether a package may be installed there. */
function fits({ os, cpu }: LockedPackage, platform: string, arch: string): boolean {
  const allows = (list: string[] | string | undefined, value: string) =>
    list === undefined || [list].flat().includes(value);
  return allows(os, platform) && allows(cpu, arch);
}

test.each([
  ["linux", "x64"],
  ["linux", "arm64"],
  ["darwin", "arm64"],
  ["darwin", "x64"],
])("the lockfile installs on %s %s: every native tool has a binary for it", (platform, arch) => {
  const native = packages.filter(([, entry]) =>
    Object.keys(entry.optionalDependencies ?? {}).some((name) =>
      lock.packages[`node_modules/${name}`]?.os?.includes("linux"),
    ),
  );
  expect(native.length).toBeGreaterThan(3);
  for (const [path, { optionalDependencies = {} }] of native) {
    const binaries = Object.keys(optionalDependencies).filter((name) => {
      const entry = lock.packages[`node_modules/${name}`];
      return entry !== undefined && fits(entry, platform, arch);
    });
    expect(binaries, `${path} on ${platform} ${arch}`).not.toEqual([]);
  }
});

test("what only fits one platform is optional", () => {
  const bound = packages.filter(([, { os, cpu }]) => os !== undefined || cpu !== undefined);
  expect(bound.filter(([, { optional }]) => optional !== true)).toEqual([]);
});

test("the program itself needs nothing native, and nothing that runs at its installation", () => {
  for (const name of Object.keys(manifest.dependencies)) {
    const entry = lock.packages[`node_modules/${name}`] as LockedPackage;
    expect([name, entry.os, entry.hasInstallScript]).toEqual([name, undefined, undefined]);
  }
});

test("on Linux the package brings a Node.js of its own; elsewhere it is passed over", () => {
  for (const arch of ["x64", "arm64"]) {
    const name = `node-linux-${arch}`;
    const entry = lock.packages[`node_modules/${name}`] as LockedPackage;
    expect(manifest.optionalDependencies[name]).toMatch(/^24\.(1[6-9]|[2-9]\d)\.\d+$/);
    expect([entry.optional, fits(entry, "linux", arch), fits(entry, "darwin", arch)]).toEqual([
      true,
      true,
      false,
    ]);
    expect(entry.integrity).toMatch(/^sha512-/);
  }
});

test("nothing runs a script at its installation, and the lockfile names no host", () => {
  const scripts = packages.filter(([, { hasInstallScript }]) => hasInstallScript);
  // For the watch mode of a Mac, and optional.
  expect(scripts.map(([path]) => path).filter((path) => !path.endsWith("/fsevents"))).toEqual([]);
  expect(packages.filter(([, { resolved }]) => resolved !== undefined)).toEqual([]);
});
