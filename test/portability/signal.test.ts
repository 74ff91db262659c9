import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ChannelsHome, WHATSAPP_ACCOUNT } from "./instance.ts";

let home: ChannelsHome;
const DATA = ".local/share/signal-cli/data";

beforeEach(async () => {
  home = await ChannelsHome.create();
  await home.configure({ signal: { account: "+351900" } });
});
afterEach(() => home[Symbol.asyncDispose]());

/** Signal's keys and WhatsApp's are of one kind: those of the other fixture will do. */
async function account(change: Record<string, unknown> = {}): Promise<string> {
  const text = await readFile(join(WHATSAPP_ACCOUNT, "creds.json"), "utf8");
  const creds = JSON.parse(text) as Record<string, any>;
  const bytes = (value: { data: string }) => Buffer.from(value.data, "base64");
  const typed = (value: { data: string }) => Buffer.concat([Buffer.from([5]), bytes(value)]);
  const { signedIdentityKey: identity, signedPreKey } = creds;
  const accounts = [{ path: "395206", environment: "LIVE", number: "+351900", uuid: "u" }];
  await home.put(`${DATA}/accounts.json`, JSON.stringify({ accounts, version: 2 }));
  const aciAccountData = {
    registrationId: 1,
    identityPrivateKey: identity.private.data,
    identityPublicKey: typed(identity.public).toString("base64"),
    activeSignedPreKeyId: 7,
    ...change,
  };
  await home.put(`${DATA}/395206`, JSON.stringify({ version: 8, aciAccountData }));
  await mkdir(join(home.home, DATA, "395206.d"), { recursive: true });
  const file = join(home.home, DATA, "395206.d/account.db");
  using database = new DatabaseSync(file);
  database.exec(
    "CREATE TABLE signed_pre_key (_id INTEGER PRIMARY KEY, account_id_type INTEGER NOT NULL, key_id INTEGER NOT NULL, public_key BLOB NOT NULL, private_key BLOB NOT NULL, signature BLOB NOT NULL, timestamp INTEGER DEFAULT 0, UNIQUE(account_id_type, key_id)) STRICT",
  );
  database
    .prepare("INSERT INTO signed_pre_key VALUES (1, 0, 7, ?, ?, ?, 0)")
    .run(
      typed(signedPreKey.keyPair.public),
      bytes(signedPreKey.keyPair.private),
      bytes(signedPreKey.signature),
    );
  return file;
}

test("a whole account survives with its directory, one device alive", async () => {
  await account();
  expect(await home.judge("signal")).toMatchObject({
    verdict: "survives if",
    where: join(home.home, DATA),
    paths: [join(home.home, DATA)],
    ratchets: true,
    evidence: [expect.stringMatching(/signed pre-key verifies/), expect.stringMatching(/sound/)],
  });
});

test.each([
  ["another key pair", { identityPrivateKey: Buffer.alloc(32, 3).toString("base64") }],
  ["a pre-key that is not there", { activeSignedPreKeyId: 8 }],
])("%s: it must be paired again", async (_what, change) => {
  await account(change);
  expect((await home.judge("signal")).verdict).toBe("must be paired again");
});

test("a signature that is not the identity's: it must be paired again", async () => {
  using database = new DatabaseSync(await account());
  database.exec("UPDATE signed_pre_key SET signature = zeroblob(64)");
  database.close();
  expect((await home.judge("signal")).evidence).toEqual([expect.stringMatching(/does not verify/)]);
});

test("a form that is not known cannot be judged", async () => {
  await account({ identityPublicKey: null });
  expect((await home.judge("signal")).verdict).toBe("cannot be judged");
});

test("no account, and another number's: it must be paired again", async () => {
  expect(await home.judge("signal")).toMatchObject({ verdict: "must be paired again", paths: [] });
  await account();
  await home.configure({ signal: { account: "+351901" } });
  expect((await home.judge("signal")).verdict).toBe("must be paired again");
});

test("a daemon of its own survives if it stays", async () => {
  const transport = { kind: "container", url: "http://signal:8080" };
  await home.configure({ signal: { account: "+351900", transport } });
  expect(await home.judge("signal")).toMatchObject({ verdict: "survives if", ratchets: false });
});
