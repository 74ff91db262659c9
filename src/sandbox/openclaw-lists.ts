type Tree = Record<string, unknown>;

export function isTree(value: unknown): value is Tree {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What OpenClaw printed with `--json`, behind warnings perhaps. Undefined: nothing of the kind. */
export function jsonIn(text: string): unknown {
  for (const match of text.matchAll(/^[[{]/gm)) {
    try {
      return JSON.parse(text.slice(match.index));
    } catch {
      // A line that only looks like the beginning.
    }
  }
  return undefined;
}

/** The objects of a list, or of the list at a key of an object. */
export function listIn(text: string, key: string): Tree[] | undefined {
  const value = jsonIn(text);
  const list = isTree(value) ? value[key] : value;
  return Array.isArray(list) ? list.filter(isTree) : undefined;
}

export interface Agent {
  id: string;
  /** `provider/model` */
  model: string | undefined;
}

/** The agent that is meant where none is named, from `agents list --json`. */
export function defaultAgent(text: string): Agent | undefined {
  const agents = listIn(text, "agents") ?? [];
  const agent = agents.find(({ isDefault }) => isDefault === true) ?? agents[0];
  if (typeof agent?.["id"] !== "string") return undefined;
  return { id: agent["id"], model: textOf(agent["model"]) };
}

/**
 * Plugins that are wanted and did not load.
 *
 * @param listed what `plugins list --json` printed
 * @param entries what `config get plugins.entries --json` printed
 */
export function pluginsNotLoaded(listed: string, entries: string): string[] {
  const plugins = listIn(listed, "plugins");
  if (plugins === undefined) return [];
  const status = new Map(plugins.map((plugin) => [plugin["id"], plugin]));
  const configured = jsonIn(entries);
  const asked = Object.entries(isTree(configured) ? configured : {})
    .filter(([, entry]) => isTree(entry) && entry["enabled"] === true)
    .map(([id]) => id);
  const enabled = plugins.filter((plugin) => plugin["enabled"] === true);
  const wanted = [...asked, ...enabled.map(({ id }) => textOf(id) ?? "a plugin without a name")];
  return [...new Set(wanted)].filter((id) => status.get(id)?.["status"] !== "loaded").toSorted();
}

/** What an agent said, from `agent --json`. */
export function replyIn(text: string): string | undefined {
  const value = jsonIn(text);
  const result = isTree(value) ? value["result"] : undefined;
  const payloads = isTree(result) ? result["payloads"] : undefined;
  const [first] = Array.isArray(payloads) ? payloads.filter(isTree) : [];
  return textOf(first?.["text"]);
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
