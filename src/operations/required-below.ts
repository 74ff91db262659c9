import { type Dirent, readdirSync } from "node:fs";
import { classifyAt, type KnownRoot } from "./root-index.ts";

/**
 * What of an excluded directory is taken all the same: `required` files, what the configuration
 * names (`named`), and the directories on the way there (`way`). By path relative to the root's
 * top, as latin1.
 */
export type Kept = ReadonlyMap<string, "required" | "named" | "way">;

/** @param path the directory, relative to the root's top, as latin1; empty for the top itself */
export function requiredBelow(root: KnownRoot, path: string): Kept {
  const kept = new Map<string, "required" | "named" | "way">();
  const keep = (inner: string, why: "required" | "named") => {
    kept.set(inner, why);
    for (let at = parentOf(inner); at.length > path.length; at = parentOf(at)) {
      if (!kept.has(at)) kept.set(at, "way");
    }
  };
  for (const nested of root.nested) {
    const inner = Buffer.from(nested.path).toString("latin1");
    if (path === "" || inner.startsWith(`${path}/`)) keep(inner, "named");
  }
  if (!mayHoldRequired(root)) return kept;
  const open = [path];
  for (let dir = open.pop(); dir !== undefined; dir = open.pop()) {
    const entries = list(root, dir);
    const names = new Set(entries.map(({ name }) => name.toString()));
    for (const entry of entries) {
      if (!entry.isDirectory() && !entry.isFile()) continue;
      const name = entry.name.toString("latin1");
      const inner = dir === "" ? name : `${dir}/${name}`;
      const relative = Buffer.from(inner, "latin1").toString();
      const found = classifyAt({ root, relative }, entry.isDirectory(), (each) => names.has(each));
      if (!entry.isDirectory()) {
        if (found.required) keep(inner, "required");
      } else if (found.leaveOut === undefined && kept.get(inner) !== "named") {
        open.push(inner);
      }
    }
  }
  return kept;
}

export function parentOf(path: string): string {
  const end = path.lastIndexOf("/");
  return end < 0 ? "" : path.slice(0, end);
}

/** Only where rules speak of the instance itself; what a workspace holds is its owner's choice. */
function mayHoldRequired({ kind, statePath, nested }: KnownRoot): boolean {
  return kind === "state" || kind === "agentDir" || statePath !== undefined || nested.length > 0;
}

/** What cannot be listed holds nothing that could be taken. */
function list(root: KnownRoot, dir: string): Dirent<Buffer>[] {
  const path = Buffer.concat([Buffer.from(`${root.realPath}/`), Buffer.from(dir, "latin1")]);
  try {
    return readdirSync(path, { withFileTypes: true, encoding: "buffer" });
  } catch {
    return [];
  }
}
