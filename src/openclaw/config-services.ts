import { visitTexts } from "./config-references.ts";
import { isTree, treeAt } from "./config-tree.ts";
import type { Tree } from "./config-tree.ts";

/** A plugin or a server that the configuration uses. Never a password or a key. */
export interface ConfiguredService {
  /** Where in the configuration. */
  at: string;
  /** A plugin's id, or the name of an MCP server. */
  id?: string;
  /** Scheme and host, as `https://example.org` or `s3://bucket`. */
  url?: string;
}

const URL_IN_TEXT = /\b([a-z][a-z0-9+.-]{0,30}):\/\/(?:[^\s/"'@]{0,500}@)?([^\s/"'?#,@]{1,255})/gi;

/** What a configuration connects to, but for what it has switched off. */
export function servicesIn(tree: Tree): ConfiguredService[] {
  const off = switchedOff(tree);
  const found: ConfiguredService[] = [];
  const plugins = treeAt(tree, "plugins");
  for (const group of ["entries", "installs"]) {
    for (const id of Object.keys(treeAt(plugins, group))) {
      if (!off(["plugins", "entries", id])) found.push({ at: `plugins.${group}.${id}`, id });
    }
  }
  for (const [slot, id] of Object.entries(treeAt(plugins, "slots"))) {
    if (typeof id !== "string" || off(["plugins", "entries", id])) continue;
    found.push({ at: `plugins.slots.${slot}`, id });
  }
  for (const id of Object.keys(treeAt(tree, "mcp", "servers"))) {
    if (!off(["mcp", "servers", id])) found.push({ at: `mcp.servers.${id}`, id });
  }
  visitTexts(tree, (keys, text) => {
    if (off(keys)) return;
    for (const [, scheme = "", host = ""] of text.matchAll(URL_IN_TEXT)) {
      found.push({ at: keys.join("."), url: `${scheme}://${host}`.toLowerCase() });
    }
  });
  return found;
}

/** Whether a place lies in a plugin or a server that is not used. */
function switchedOff(tree: Tree): (keys: readonly string[]) => boolean {
  const plugins = treeAt(tree, "plugins");
  const denied = Array.isArray(plugins["deny"]) ? plugins["deny"] : [];
  return ([first = "", group = "", id = ""]) => {
    if (first === "plugins" && plugins["enabled"] === false) return true;
    if (first === "plugins" && denied.includes(id)) return true;
    const known = ["plugins/entries", "mcp/servers"].includes(`${first}/${group}`);
    const entry = known ? treeAt(tree, first, group)[id] : undefined;
    return isTree(entry) && (entry["enabled"] === false || entry["disabled"] === true);
  };
}
