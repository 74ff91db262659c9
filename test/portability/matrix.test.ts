import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ChannelsHome, keepRows, MATRIX_STORE } from "./instance.ts";

const TOKEN = "a-token-of-claw";
const CHANNELS = {
  matrix: { encryption: true, homeserver: "https://example.org", accessToken: TOKEN },
};

let home: ChannelsHome;

beforeEach(async () => {
  home = await ChannelsHome.create();
  await home.configure(CHANNELS);
});
afterEach(() => home[Symbol.asyncDispose]());

const account = () => join(home.stateDir, "matrix/accounts/default");

test("a crypto store that opens survives if it is the newest and lives once", async () => {
  const directory = await home.keepMatrix(TOKEN);
  expect(await home.judge("matrix")).toMatchObject({
    verdict: "survives if",
    where: directory,
    newest: "2026-11-01T10:00:00.000Z",
    ratchets: true,
    paths: [account()],
    evidence: [
      "The crypto store opens, and its digest and device are right.",
      "The device's private keys are those of its public ones.",
      "The access token is there (config).",
    ],
  });
});

test("without encryption the token is all there is", async () => {
  await home.configure({ matrix: { ...CHANNELS.matrix, encryption: false } });
  expect(await home.judge("matrix")).toMatchObject({ verdict: "survives", ratchets: false });
});

test("of several stores the one of the token counts, whatever is newer", async () => {
  await home.keepMatrix("an older token");
  const current = await home.keepMatrix(TOKEN);
  expect((await home.judge("matrix")).where).toBe(current);
});

test("with encryption and no store it must be paired again", async () => {
  expect(await home.judge("matrix")).toMatchObject({ verdict: "must be paired again", paths: [] });
});

test("a login by password is taken from OpenClaw's database, else it must be paired again", async () => {
  await home.keepMatrix(TOKEN);
  await home.configure({ matrix: { encryption: true, homeserver: "https://example.org" } });
  const database = await home.put(".openclaw/state/openclaw.sqlite", "");
  keepRows(database, "matrix", [["credentials", "account:default", { accessToken: TOKEN }]]);
  const verdict = await home.judge("matrix", {}, false);
  expect(verdict.evidence.at(-1)).toBe("The access token is there (OpenClaw's database).");
  expect(verdict.verdict).toBe("survives if");
});

test("a store that is cut, changed or another device's must be paired again", async () => {
  const directory = await home.keepMatrix(TOKEN);
  const file = join(directory, "state/openclaw.sqlite");
  const run = (sql: string) => {
    using database = new DatabaseSync(file);
    database.exec(sql);
  };
  run(
    "UPDATE plugin_state_entries SET value_json = replace(value_json, 'e', 'f') WHERE entry_key LIKE '%:g1:1'",
  );
  expect((await home.judge("matrix")).evidence[0]).toMatch(/cut or was changed/);
  run("DELETE FROM plugin_state_entries WHERE entry_key LIKE '%:g1:1'");
  expect((await home.judge("matrix")).verdict).toBe("must be paired again");
  await home.keepMatrix(TOKEN);
  keepRows(file, "matrix", [["storage-meta", "current", { deviceId: "ANOTHER" }]]);
  expect((await home.judge("matrix")).evidence[0]).toMatch(/another device/);
  await writeFile(file, (await readFile(file)).fill(0, 4096, 6000));
  expect((await home.judge("matrix")).evidence[0]).toMatch(/damaged/);
});

test("private keys that are not the published ones' are damage, however well they read", async () => {
  const dump = JSON.parse(await readFile(MATRIX_STORE, "utf8")) as {
    stores: { name: string; records: { key: string; value: string }[] }[];
  }[];
  const core = dump[0]?.stores.find(({ name }) => name === "core");
  const record = core?.records.find(({ key }) => key === "account");
  if (record === undefined) throw new Error("the fixture has no account");
  const kept = JSON.parse(Buffer.from(record.value, "base64").toString()) as {
    pickle: { signing_key: { Normal: number[] } };
  };
  kept.pickle.signing_key.Normal[0] = (kept.pickle.signing_key.Normal[0] ?? 0) ^ 1;
  record.value = Buffer.from(JSON.stringify(kept)).toString("base64");
  await home.keepMatrix(TOKEN, JSON.stringify(dump));
  expect(await home.judge("matrix")).toMatchObject({
    verdict: "must be paired again",
    evidence: [expect.stringMatching(/not those that it has published/), expect.any(String)],
  });
});

test("a store with a passphrase cannot be judged", async () => {
  const dump = (await readFile(MATRIX_STORE, "utf8")).replace(
    /("key":"account","value":")[^"]+/,
    "$1AAAA",
  );
  await home.keepMatrix(TOKEN, dump);
  expect((await home.judge("matrix")).verdict).toBe("cannot be judged");
});

test("a database in use cannot be judged by its file", async () => {
  const directory = await home.keepMatrix(TOKEN);
  await writeFile(join(directory, "state/openclaw.sqlite-wal"), "something");
  expect(await home.judge("matrix")).toMatchObject({
    verdict: "cannot be judged",
    ratchets: true,
    paths: [account()],
  });
});

test("the store of older releases is a file", async () => {
  const dump = await readFile(MATRIX_STORE, "utf8");
  const place = "matrix/accounts/default/example.org__claw/0123456789abcdef";
  await home.put(`.openclaw/${place}/crypto-idb-snapshot.json`, dump);
  expect((await home.judge("matrix")).verdict).toBe("survives if");
  await home.put(`.openclaw/${place}/crypto-idb-snapshot.json`, dump.slice(0, 999));
  expect((await home.judge("matrix")).verdict).toBe("must be paired again");
});

test("a store whose token cannot be seen is a session that ratchets all the same", async () => {
  await home.configure({ matrix: { encryption: true, homeserver: "https://example.org" } });
  await home.keepMatrix(TOKEN);
  expect(await home.judge("matrix")).toMatchObject({ ratchets: true, paths: [account()] });
});
