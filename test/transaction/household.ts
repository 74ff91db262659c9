import type { RootCase } from "./trees.ts";

/** An instance with a workspace and a configuration elsewhere, and one that is gone altogether. */
export const HOUSEHOLD: readonly RootCase[] = [
  {
    old: {
      "openclaw.json": "old config",
      state: { "openclaw.sqlite": "old rows" },
      agents: { main: { sessions: { "1.jsonl": "old words" }, cache: { big: "rebuilt" } } },
      npm: { "left-pad": { "index.js": "code" } },
    },
    fresh: {
      "openclaw.json": "new config",
      state: { "openclaw.sqlite": "new rows" },
      agents: { main: { sessions: { "2.jsonl": "new words" } } },
      credentials: { token: "secret" },
    },
    carry: ["npm", "agents/main/cache"],
    how: "whole",
    barred: true,
  },
  {
    old: { "SOUL.md": "old", "MEMORY.md": "old", node_modules: { a: "code" } },
    fresh: { "SOUL.md": "new", skills: { "one.md": "new" } },
    carry: ["node_modules"],
    how: "children",
    barred: false,
  },
  { old: "old include", fresh: "new include", carry: [], how: "whole", barred: false },
  {
    old: undefined,
    fresh: { "openclaw.json": "back again" },
    carry: [],
    how: "whole",
    barred: true,
  },
];
