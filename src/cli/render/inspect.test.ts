import { expect, test } from "vitest";
import type { InspectDocument, Risk } from "../../operations/documents.ts";
import type { View } from "../command.ts";
import { createStyle } from "../output/style.ts";
import { displayWidth } from "../output/table.ts";
import { renderInspect } from "./inspect.ts";

const view: View = {
  style: createStyle(false),
  width: 80,
  now: new Date("2026-09-06T12:00:00Z"),
  verbose: false,
};
const verbose: View = { ...view, verbose: true };
const state = "/home/ada/.openclaw";
const agent = `${state}/agents/clawd/agent/openclaw-agent.sqlite`;

const irreplaceable = { loss: "irreplaceable", secret: true };
const item = { files: 1, rebuildable: false, machineBound: false, ...irreplaceable };

const document: InspectDocument = {
  instance: {
    stateDir: state,
    configFile: `${state}/openclaw.json`,
    version: "2026.9.6",
    installed: "2026.9.6",
    running: true,
  },
  components: [
    {
      component: "database",
      files: 2,
      bytes: 41_000_000,
      ...irreplaceable,
      holds: ["credentials", "cron", "sessions"],
      parts: [{ ...irreplaceable, files: 2, bytes: 41_000_000 }],
    },
    {
      component: "other",
      files: 1204,
      bytes: 13_000_000,
      loss: "irreplaceable",
      secret: true,
      holds: [],
      parts: [
        { loss: "painful", secret: false, files: 1200, bytes: 12_900_000 },
        { loss: "irreplaceable", secret: true, files: 4, bytes: 100_000 },
      ],
    },
  ],
  counts: { sessions: 41, transcriptRows: 1900, memoryRows: 310, memoryFiles: 12, cronJobs: 5 },
  items: [
    { ...item, component: "database", path: `${state}/agents`, bytes: 37e6 },
    { ...item, component: "database", path: `${state}/state`, bytes: 4e6 },
    { ...item, component: "other", path: `${state}/service-env`, bytes: 40, machineBound: true },
  ],
  channels: [
    {
      channel: "whatsapp",
      account: "default",
      enabled: true,
      where: `${state}/credentials/whatsapp/default/creds.json`,
      present: true,
    },
    {
      channel: "signal",
      account: "+000",
      enabled: true,
      where: "/home/ada/.local/share/signal-cli",
      present: false,
    },
  ],
  databases: [
    {
      path: agent,
      bytes: 37_000_000,
      rows: { sessions: 41, transcriptEntries: 1900, cronJobs: 0, memories: 310 },
      holds: ["sessions"],
      empty: null,
      damaged: false,
      problems: [],
    },
    {
      path: `${state}/browser/openclaw/user-data/Default/History`,
      bytes: 160_000,
      rows: { sessions: 0, transcriptEntries: 0, cronJobs: 0, memories: 0 },
      holds: [],
      empty: null,
      damaged: false,
      problems: [],
    },
    {
      path: `${state}/memory/main.sqlite`,
      bytes: 0,
      rows: null,
      holds: [],
      empty: "it ought to hold an agent's memory, and has not a byte in it",
      damaged: false,
      problems: [],
    },
  ],
  outside: [
    {
      kind: "workspace",
      path: "/home/ada/work",
      realPath: "/home/ada/work",
      why: "named in the configuration: agents.list[0].workspace",
      files: 34,
      bytes: 1_200_000,
    },
  ],
  excluded: [
    { path: `${state}/npm`, reason: "rebuildable: plugins", files: 9100, bytes: 6e8 },
    { path: `${state}/git`, reason: "rebuildable: plugins", files: 100, bytes: 1e6 },
    { path: `${state}/x.lock`, reason: "lock", files: 1, bytes: 40 },
  ],
  errors: [{ path: `${state}/credentials/oauth.json`, message: "permission denied" }],
  risks: [
    {
      code: "empty-database",
      message: `${state}/memory/main.sqlite: it ought to hold an agent's memory, and has not a byte in it`,
      hint: "look for an older copy",
      paths: [`${state}/memory/main.sqlite`],
    },
    {
      code: "secrets-readable",
      message: "other accounts of this machine may read 5 secret files",
      hint: `\`chmod go-rwx ${state}\``,
      paths: ["a", "b", "c", "d", "e"].map((name) => `${state}/credentials/${name}.json`),
    },
  ],
  notProtected: [{ service: "Supermemory", at: "plugins.entries.supermemory" }],
  warnings: [],
};

test("an instance as a person thinks of it", () => {
  expect(renderInspect(document, view)).toMatchSnapshot();
});

test("--verbose: every place and every path", () => {
  const text = renderInspect(document, verbose);
  expect(text).toMatchSnapshot();
  for (const { path } of [...document.items, ...document.excluded]) {
    expect(renderInspect(document, { ...verbose, width: undefined })).toContain(path);
  }
});

test("an instance with nothing odd about it, and no repository yet", () => {
  const risk: Risk = { code: "no-repository", message: "there is none", hint: "make one" };
  const bare = {
    ...document,
    channels: [],
    databases: [],
    outside: [],
    excluded: [],
    errors: [],
    risks: [risk],
    notProtected: [],
  };
  expect(renderInspect(bare, view)).toMatchSnapshot();
});

test("no line is wider than the terminal", () => {
  for (const width of [80, 140]) {
    for (const each of [view, verbose]) {
      const lines = renderInspect(document, { ...each, width }).split("\n");
      const tooWide = lines.filter((line) => displayWidth(line) > width);
      expect(tooWide).toEqual([]);
    }
  }
});

test("names cannot speak to the terminal", () => {
  const evil = "\u001b[2J";
  const text = renderInspect(
    {
      ...document,
      excluded: [{ path: evil, reason: evil, files: 1, bytes: 1 }],
      outside: document.outside.map((each) => ({ ...each, path: evil, why: evil })),
      databases: document.databases.map((each) => ({ ...each, path: evil })),
      risks: [{ code: "same-disk", message: evil, hint: evil, paths: [`${evil}x`] }],
      notProtected: [{ service: evil, at: evil }],
    },
    verbose,
  );
  expect(text).not.toContain("\u001b");
});
