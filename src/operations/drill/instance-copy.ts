import { join } from "node:path";
import type { InstanceCopy } from "../../openclaw/instance-copy.ts";
import type { Manifest } from "../manifest.ts";

/**
 * The instance that a snapshot is of, where it was restored to.
 *
 * @param directory the absolute paths of the snapshot are laid out below it
 */
export function restoredInstance(manifest: Manifest, directory: string): InstanceCopy {
  const { instance, roots } = manifest;
  const resolved = (path: string) => {
    // Through a link of the snapshot, which is absolute, one would read the live instance.
    const root = roots.find((each) => path === each.path || path.startsWith(`${each.path}/`));
    return root === undefined ? path : root.realPath + path.slice(root.path.length);
  };
  return {
    stateDir: resolved(instance.stateDir),
    configPath: instance.configPath === null ? undefined : resolved(instance.configPath),
    home: instance.home,
    roots,
    at: (path) => join(directory, path),
  };
}
