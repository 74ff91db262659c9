import type { InstanceCopy } from "../../openclaw/instance-copy.ts";
import { mapPath } from "../../openclaw/mapping/map-path.ts";
import type { Manifest } from "../manifest.ts";
import type { Survey } from "../survey.ts";
import type { Destination, Place } from "./destination.ts";

/**
 * What was restored, by the names that it had: for rewriting them.
 *
 * @param at where the bytes of a path are, as it was named then
 */
export function copyAsItWas(manifest: Manifest, at: (path: string) => string): InstanceCopy {
  const { instance, roots } = manifest;
  return {
    stateDir: roots[0]?.realPath ?? instance.stateDir,
    configPath: configThen(manifest),
    home: instance.home,
    roots,
    at,
  };
}

/**
 * The same by the names that it will have here.
 *
 * @param at as above: by the names of then
 */
export function copyAsItWillBe(
  manifest: Manifest,
  { places, home, mappings }: Destination,
  at: (path: string) => string,
): InstanceCopy {
  const roots = places.map(({ root, live }) => ({ ...root, path: live, realPath: live }));
  const config = configThen(manifest);
  return {
    stateDir: roots[0]?.realPath ?? "",
    configPath: config === undefined ? undefined : mapPath(config, mappings),
    home,
    roots,
    at: (path) => at(nameThen(path, places)),
  };
}

/** The instance itself. */
export function liveCopy({ instance, roots }: Survey): InstanceCopy {
  return {
    stateDir: instance.realStateDir,
    configPath: instance.configPath,
    home: instance.home,
    roots,
    at: (path) => path,
  };
}

/** What a path here was called then. */
function nameThen(path: string, places: readonly Place[]): string {
  const place = places.find(({ live }) => path === live || path.startsWith(`${live}/`));
  return place === undefined ? path : place.from + path.slice(place.live.length);
}

/** Through a link of the snapshot, which is absolute, one would read the live instance. */
function configThen({ instance: { configPath }, roots }: Manifest): string | undefined {
  if (configPath === null) return undefined;
  const root = roots.find(({ path }) => configPath === path || configPath.startsWith(`${path}/`));
  return root === undefined ? configPath : root.realPath + configPath.slice(root.path.length);
}
