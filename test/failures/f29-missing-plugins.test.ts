import { expect, test } from "vitest";
import { missingPlugins } from "../../src/openclaw/revival/missing-plugins.ts";
import { RestoredCopy } from "../fixtures/restored-copy.ts";

const npm = "/home/ada/.openclaw/npm/projects";
const RECORDS = {
  whatsapp: {
    source: "npm",
    spec: "@openclaw/whatsapp",
    resolvedVersion: "2026.9.6",
    installPath: `${npm}/openclaw-whatsapp-290d7f7427/node_modules/@openclaw/whatsapp`,
  },
  calendar: { source: "npm", spec: "calendar", installPath: `${npm}/calendar` },
  harbour: { source: "clawhub", clawhubPackage: "harbour", installPath: `${npm}/harbour` },
  tides: {
    source: "git",
    gitUrl: "github.com/ada/tides",
    gitCommit: "0123abc",
    installPath: "/home/ada/.openclaw/git/tides",
  },
  lamp: {
    source: "marketplace",
    marketplacePlugin: "lamp",
    marketplaceSource: "ada/plugins",
    installPath: "/home/ada/.openclaw/extensions/lamp",
  },
  linked: { source: "path", sourcePath: "/srv/linked", installPath: "/srv/linked" },
};

async function copyWith(records: object): Promise<RestoredCopy> {
  const copy = await RestoredCopy.make();
  const index = JSON.stringify({ revision: 1, index: { installRecords: records } });
  copy.sql(`INSERT INTO config_machine_state VALUES ('plugins.installedIndex', '${index}')`);
  return copy;
}

test("F29: plugins whose code did not come along are named, with the command that brings it", async () => {
  await using copy = await copyWith(RECORDS);
  await copy.put(`${npm}/calendar/package.json`, "{}");
  const force = ["--force", "--accept-capabilities"];
  const install = (...words: string[]) => ["openclaw", "plugins", "install", ...words, ...force];
  expect(await missingPlugins(copy)).toEqual([
    { id: "harbour", spec: "clawhub:harbour", command: install("clawhub:harbour") },
    { id: "lamp", spec: "lamp", command: install("lamp", "--marketplace", "ada/plugins") },
    { id: "linked", spec: "/srv/linked", command: install("/srv/linked", "--link") },
    {
      id: "tides",
      spec: "git:github.com/ada/tides@0123abc",
      command: install("git:github.com/ada/tides@0123abc"),
    },
    {
      id: "whatsapp",
      spec: "@openclaw/whatsapp",
      version: "2026.9.6",
      command: install("@openclaw/whatsapp"),
    },
  ]);
});

test("F29: in older releases the configuration holds the records", async () => {
  await using copy = await RestoredCopy.make();
  const { whatsapp } = RECORDS;
  await copy.put(copy.configPath, JSON.stringify({ plugins: { installs: { whatsapp } } }));
  expect(await missingPlugins(copy)).toMatchObject([{ id: "whatsapp", version: "2026.9.6" }]);
});

test("F29: what begins like an option does not become one", async () => {
  const record = { source: "npm", spec: "--link" };
  await using copy = await copyWith({ odd: record, "--profile=x": record });
  expect(await missingPlugins(copy)).toMatchObject([{ id: "odd", spec: "odd" }]);
});
