import { join } from "node:path";
import { readConfigTree } from "../config-tree.ts";
import type { Tree } from "../config-tree.ts";
import type { InstanceCopy } from "../instance-copy.ts";
import { placeInCopy } from "./copied-place.ts";

/** What the configuration of a copy says; empty where it has none that can be read. */
export async function copiedConfig(copy: InstanceCopy): Promise<Tree> {
  const path = copy.configPath ?? join(copy.stateDir, "openclaw.json");
  const at = (each: string) => placeInCopy(copy, each);
  return (await readConfigTree(path, copy.home, at)).tree ?? {};
}
