import { compileGlob, matchesGlob } from "./glob.ts";
import { isTree, treeAt } from "./config-tree.ts";
import type { Tree } from "./config-tree.ts";

/** What a path in the configuration leads to. */
export type ReferenceKind =
  | "workspace"
  | "agentDir"
  | "secret"
  | "credentials"
  | "sessions"
  | "cron"
  | "signal"
  | "skills"
  | "plugins"
  | "hooks"
  | "memory"
  | "memoryStore"
  | "script";

export interface Reference {
  kind: ReferenceKind;
  /** As written, variables and `~` included. */
  written: string;
  /** Where in the configuration, such as `agents.list.0.workspace`. */
  at: string;
  agentId?: string;
}

/**
 * The keys that name files and directories, from OpenClaw's documentation of its configuration
 * (docs/gateway/config-*.md, docs/channels) and, for 2026.3, from configurations seen. `/`
 * separates keys; places in lists count as keys.
 */
const KEYS: readonly (readonly [pattern: string, kind: ReferenceKind])[] = [
  ["agent/workspace", "workspace"],
  ["agents/defaults/workspace", "workspace"],
  ["agents/{list,entries}/*/workspace", "workspace"],
  ["agents/**/sandbox/workspaceRoot", "workspace"],
  ["agents/{list,entries}/*/agentDir", "agentDir"],
  ["session/store", "sessions"],
  ["cron/store", "cron"],
  ["channels/whatsapp/**/authDir", "credentials"],
  ["channels/signal/**/configPath", "signal"],
  ["skills/load/extraDirs/*", "skills"],
  ["plugins/load/paths/*", "plugins"],
  ["hooks/internal/load/extraDirs/*", "hooks"],
  ["hooks/transformsDir", "hooks"],
  ["**/{memorySearch,memory/search}/extraPaths/*{,/path}", "memory"],
  ["**/{memorySearch,memory/search}/store/path", "memoryStore"],
  ["plugins/entries/*/config/dbPath", "memoryStore"],
  ["plugins/entries/memory-wiki/config/**/vault/path", "memory"],
  ["memory/qmd/paths/*/path", "memory"],
  ["secrets/providers/*/path", "secret"],
  ["secrets/providers/*/command", "script"],
  ["**/{tokenFile,botTokenFile,passwordFile,secretFile,botSecretFile,apiPasswordFile}", "secret"],
  ["**/{serviceAccountFile,apiKeyFile,privateKeyPath,certificatePath}", "secret"],
  ["**/ssh/{identityFile,certificateFile,knownHostsFile}", "secret"],
  ["gateway/tls/{certPath,keyPath,caPath}", "secret"],
  ["env/{,vars/}GOOGLE_APPLICATION_CREDENTIALS", "secret"],
];

const COMPILED = KEYS.map(([pattern, kind]) => ({ glob: compileGlob(pattern), kind }));

/** Every path that a configuration names. */
export function referencesIn(tree: Tree): Reference[] {
  const found: Reference[] = [];
  visitTexts(tree, (keys, written) => {
    const kind = kindAt(keys);
    if (kind === undefined || written.trim() === "" || /^[a-z]+:\/\//.test(written)) return;
    const agentId = agentAt(tree, keys);
    found.push({
      kind,
      written,
      at: keys.join("."),
      ...(agentId === undefined ? {} : { agentId }),
    });
  });
  return found;
}

/** Whether a key names a path whose meaning is known, and which nothing calls. */
export function isReference(keys: readonly string[]): boolean {
  const kind = kindAt(keys);
  return kind !== undefined && kind !== "script";
}

function kindAt(keys: readonly string[]): ReferenceKind | undefined {
  return COMPILED.find(({ glob }) => matchesGlob(glob, keys))?.kind;
}

/** The ids of all agents that a configuration names: `agents.entries`, before it `agents.list`. */
export function agentIdsIn(tree: Tree): string[] {
  const agents = isTree(tree["agents"]) ? tree["agents"] : {};
  const listed = Array.isArray(agents["list"]) ? agents["list"] : [];
  const ids = listed.map((agent: unknown) => (isTree(agent) ? agent["id"] : undefined));
  const entries = isTree(agents["entries"]) ? Object.keys(agents["entries"]) : [];
  return [...new Set([...entries, ...ids.filter((id) => typeof id === "string")])];
}

/**
 * The agent that is meant where none is named: the one marked as default, else the only or first
 * one, else OpenClaw's own name for it (docs/concepts/multi-agent.md of its package).
 */
export function defaultAgentIn(tree: Tree): string {
  const agents = treeAt(tree, "agents");
  const listed = Array.isArray(agents["list"]) ? agents["list"] : [];
  const marked = [
    ...Object.entries(treeAt(agents, "entries")),
    ...listed.map((agent: unknown) => [isTree(agent) ? agent["id"] : undefined, agent] as const),
  ].find(([, agent]) => isTree(agent) && agent["default"] === true)?.[0];
  return typeof marked === "string" ? marked : (agentIdsIn(tree)[0] ?? "main");
}

function agentAt(tree: Tree, [agents, group, key]: readonly string[]): string | undefined {
  if (agents !== "agents" || key === undefined) return undefined;
  if (group === "entries") return key;
  const list = group === "list" && isTree(tree["agents"]) ? tree["agents"]["list"] : undefined;
  const agent: unknown = Array.isArray(list) ? list[Number(key)] : undefined;
  return isTree(agent) && typeof agent["id"] === "string" ? agent["id"] : undefined;
}

/** Deeper than any configuration, shallow enough for the stack. */
const MAX_NESTING = 200;

/** Calls back for every string in a value, with the keys that lead there. */
export function visitTexts(
  value: unknown,
  onText: (keys: readonly string[], text: string) => void,
  keys: readonly string[] = [],
): void {
  if (typeof value === "string") onText(keys, value);
  if (typeof value !== "object" || value === null || keys.length > MAX_NESTING) return;
  for (const [key, item] of Object.entries(value)) visitTexts(item, onText, [...keys, key]);
}

const SCANNED: readonly (readonly [pattern: RegExp, kind: ReferenceKind | "include"])[] = [
  [/^\$include$/, "include"],
  [/^(workspace|workspaceRoot)$/, "workspace"],
  [/^agentDir$/, "agentDir"],
  [/^authDir$/, "credentials"],
  [/^(token|botToken|password|secret|botSecret|apiPassword|serviceAccount|apiKey)File$/, "secret"],
];

const KEY_AND_TEXT =
  /["']?(\$?[A-Za-z]\w{0,40})["']?\s{0,100}:\s{0,100}("(?:[^"\\\n]|\\.){1,4096}"|'(?:[^'\\\n]|\\.){1,4096}')/g;

/** What can be made out in a text that is no JSON5: strings beside keys that name a path. */
export function scanForReferences(text: string): { references: Reference[]; includes: string[] } {
  const references: Reference[] = [];
  const includes: string[] = [];
  for (const [, key = "", quoted = ""] of text.matchAll(KEY_AND_TEXT)) {
    const kind = SCANNED.find(([pattern]) => pattern.test(key))?.[1];
    const written = quoted.slice(1, -1).replace(/\\(.)/g, "$1");
    if (kind === "include") includes.push(written);
    else if (kind !== undefined) references.push({ kind, written, at: key });
  }
  return { references, includes };
}
