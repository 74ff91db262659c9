import { classifyIn } from "../roots.ts";
import type { CopyRoot } from "../instance-copy.ts";
import type { HolderKind } from "./report.ts";

/** What a mapping does with a file that is no database. */
export type Treatment =
  /** Its paths are live: `json` by its strings, `text` as it stands. */
  | { how: "json" | "text"; kind: HolderKind }
  /** For people and models to read; rewritten when asked for. */
  | { how: "words"; why: string }
  /** Never touched. */
  | { how: "none"; why: string };

const OWN_TEXT = "its owner's files; rewritten only on request";
const CONVERSATION = "conversations; rewritten only on request";
const LOG = "a log; rewritten only on request";
const BROWSER = "a browser's own data; not touched";
const GIT = "git's own data; not touched";

/**
 * What is to be done with a file below a root.
 *
 * @param below relative to the root, with `/`; empty for a root that is a file
 */
export function treatmentOf(root: CopyRoot, below: string): Treatment {
  if (root.kind === "service") return { how: "text", kind: "service" };
  if (root.kind === "script") return { how: "text", kind: "script" };
  if (root.kind === "environment") return { how: "text", kind: "config" };
  const name = (below === "" ? root.path : below).split("/").at(-1) as string;
  const git = gitTreatment(below);
  if (git !== undefined) return git;
  const { component } = classifyIn(root, below, false);
  if (/^\.env(?:\.|$)/.test(name)) return { how: "text", kind: "config" };
  if (/\.jsonl(?:\.|$)/.test(name)) return { how: "words", why: CONVERSATION };
  if (root.kind === "state" && below.startsWith("browser/")) return { how: "none", why: BROWSER };
  if (/(?:^|\/)logs\/|\.log$/.test(below)) return { how: "words", why: LOG };
  if (component === "workspace" || component === "skills") {
    const isState = /(?:^|\/)\.openclaw\/[^/]*\.json$/.test(below);
    return isState ? { how: "json", kind: "json" } : { how: "words", why: OWN_TEXT };
  }
  const isJson = /\.json5?(?:\.|$)/.test(name);
  if (component === "config") return { how: isJson ? "json" : "text", kind: "config" };
  if (root.kind === "config" || root.kind === "include") return { how: "json", kind: "config" };
  if (isJson) return { how: "json", kind: "json" };
  if (component === "credentials") return { how: "text", kind: "config" };
  if (component === "sessions") return { how: "words", why: CONVERSATION };
  return { how: "words", why: OWN_TEXT };
}

/** Where git keeps a path: of a worktree, and of the repository it belongs to. */
function gitTreatment(below: string): Treatment | undefined {
  const inside = /(?:^|\/)\.git(?:\/(.*))?$/.exec(below);
  if (inside === null) return undefined;
  const isPointer =
    /^(?:config|config\.worktree|(?:worktrees\/[^/]+\/|modules\/.+\/)?(?:gitdir|commondir|config))?$/;
  return isPointer.test(inside[1] ?? "")
    ? { how: "text", kind: "config" }
    : { how: "none", why: GIT };
}
