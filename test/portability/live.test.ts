import { readdir, readFile, rename } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";
import { sessions } from "../../src/operations/sessions.ts";
import { operationContext } from "../support/operation-context.ts";
import { ChannelsHome } from "./instance.ts";

let home: ChannelsHome;
beforeEach(async () => void (home = await ChannelsHome.create()));
afterEach(() => home[Symbol.asyncDispose]());

const look = () => sessions(operationContext(home.home), { snapshot: undefined, online: false });

test("a database that a gateway is writing to is read as it is now, and left as it is", async () => {
  await home.configure({ matrix: { encryption: true, accessToken: "a" } });
  const directory = await home.keepMatrix("a");
  const file = join(directory, "state/openclaw.sqlite");
  using database = new DatabaseSync(file);
  database.exec("PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0");
  database.exec(
    "UPDATE plugin_state_entries SET value_json = json_set(value_json, '$.persistedAt', '2026-11-05T00:00:00.000Z') WHERE entry_key = 'current:meta'",
  );
  const state = async () => {
    const folder = join(directory, "state");
    const names = (await readdir(folder)).toSorted();
    return Promise.all(names.map(async (name) => [name, await readFile(join(folder, name))]));
  };
  const before = await state();
  expect(before.map(([name]) => name)).toContain("openclaw.sqlite-wal");
  const { channels } = await look();
  expect(channels).toMatchObject([
    { channel: "matrix", verdict: "survives if", newest: "2026-11-05T00:00:00.000Z" },
  ]);
  expect(await state()).toEqual(before);
});

test("without channels there is nothing to say, and a broken configuration is a warning", async () => {
  await home.configure({});
  expect(await look()).toMatchObject({ snapshot: null, channels: [], notes: [], warnings: [] });
  await rename(await home.put("x", "{"), join(home.stateDir, "openclaw.json"));
  expect((await look()).warnings).toEqual([expect.stringContaining("malformed")]);
});

test("a token that its service refuses must be had again, whatever its form", async () => {
  const server = createServer((_request, response) => response.writeHead(401).end("{}"));
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  try {
    const { port } = server.address() as { port: number };
    const base = `http://127.0.0.1:${port}`;
    await home.configure({ telegram: { botToken: `1:${"a".repeat(35)}` } });
    expect((await look()).channels).toMatchObject([{ verdict: "survives", online: null }]);
    const services = { telegram: base, discord: base, slack: base };
    const context = operationContext(home.home);
    const asked = await sessions(context, { snapshot: undefined, online: true, services });
    expect(asked.channels).toMatchObject([
      { verdict: "must be paired again", online: { accepted: false } },
    ]);
  } finally {
    server.close();
  }
});
