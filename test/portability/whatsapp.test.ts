import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ChannelsHome } from "./instance.ts";

let home: ChannelsHome;
let account: string;

beforeEach(async () => {
  home = await ChannelsHome.create();
  await home.configure({ whatsapp: {} });
  account = await home.linkWhatsApp();
});
afterEach(() => home[Symbol.asyncDispose]());

type Creds = Record<string, any>;

async function edit(change: (creds: Creds) => void, name = "creds.json"): Promise<void> {
  const file = join(account, name);
  const creds = JSON.parse(await readFile(file, "utf8")) as Creds;
  change(creds);
  await writeFile(file, JSON.stringify(creds));
}

/** Another key of the same account: well-formed, and not the one that belongs there. */
async function another(): Promise<unknown> {
  const key = JSON.parse(await readFile(join(account, "pre-key-1.json"), "utf8")) as Creds;
  return key["public"];
}

test("a whole account survives if it is the newest and lives once", async () => {
  const verdict = await home.judge("whatsapp");
  expect(verdict).toMatchObject({
    verdict: "survives if",
    where: join(account, "creds.json"),
    ratchets: true,
    paths: [account],
    newest: expect.stringMatching(/^\d{4}-/),
  });
  expect(verdict.conditions).toHaveLength(2);
  expect(verdict.evidence).toEqual([
    "The signed pre-key verifies against the identity key.",
    "The phone's signature of this device's identity key verifies.",
    "creds.json names the account and the device.",
    "Beside it: 5 pre-keys, 1 session, 1 sender-key, 1 app-state-sync-key, 1 app-state-sync-version.",
    "After several tries to link it again WhatsApp refuses for 24 to 72 hours.",
  ]);
});

test("bytes as older releases wrote them, as lists, are read as well", async () => {
  await edit((creds) => {
    for (const name of ["noiseKey", "signedIdentityKey"]) {
      for (const half of ["private", "public"]) {
        const data = [...Buffer.from(creds[name][half].data, "base64")];
        creds[name][half] = { type: "Buffer", data };
      }
    }
  });
  expect((await home.judge("whatsapp")).verdict).toBe("survives if");
});

const BROKEN: [what: string, change: (creds: Creds, other: unknown) => void, says: RegExp][] = [
  ["the noise key gone", (creds) => delete creds["noiseKey"], /has no noise key/],
  ["a foreign identity", (creds, key) => (creds["signedIdentityKey"].public = key), /identity key/],
  ["a foreign pre-key", (creds, key) => (creds["signedPreKey"].keyPair.public = key), /pre-key/],
  [
    "a signature of something else",
    (creds) => (creds["signedPreKey"].signature.data = Buffer.alloc(64, 1).toString("base64")),
    /does not verify/,
  ],
  ["another device's link", (creds) => (creds["account"].details = "CAEQAhgB"), /has not signed/],
  ["no registration id", (creds) => delete creds["registrationId"], /registration id/],
  ["a registration id of 15 bits", (creds) => (creds["registrationId"] = 20_000), /registration/],
  ["no phone", (creds) => delete creds["me"], /never linked/],
  ["no counter", (creds) => delete creds["nextPreKeyId"], /no counter/],
];

test.each(BROKEN)("%s: it must be paired again", async (_what, change, says) => {
  const key = await another();
  await edit((creds) => change(creds, key));
  const verdict = await home.judge("whatsapp");
  expect(verdict).toMatchObject({ verdict: "must be paired again", conditions: [] });
  expect(verdict.evidence.join("\n")).toMatch(says);
  expect(verdict.afterwards).toMatch(/channels login --channel whatsapp/);
});

test("nothing there: it must be paired again, and there is nothing to keep", async () => {
  await rm(account, { recursive: true });
  const verdict = await home.judge("whatsapp");
  expect(verdict).toMatchObject({ verdict: "must be paired again", paths: [], newest: null });
});

test("with creds.json cut, OpenClaw's own backup of it is judged", async () => {
  const file = join(account, "creds.json");
  const text = await readFile(file, "utf8");
  await writeFile(file, text.slice(0, 100));
  expect((await home.judge("whatsapp")).verdict).toBe("must be paired again");
  await writeFile(`${file}.bak`, text);
  const verdict = await home.judge("whatsapp");
  expect(verdict.verdict).toBe("survives if");
  expect(verdict.evidence[0]).toMatch(/creds.json.bak, an older state/);
});

const GAPS: [what: string, change: () => Promise<void>, says: RegExp][] = [
  [
    "a pre-key that was never offered is missing",
    () => edit((creds) => (creds["firstUnuploadedPreKeyId"] = 2)),
    /^1 pre-keys that were never used are missing/,
  ],
  [
    "creds.json is older than its key files",
    () => edit((creds) => (creds["nextPreKeyId"] = creds["firstUnuploadedPreKeyId"] = 5)),
    /older than its key files/,
  ],
  [
    "the app-state key is missing",
    () => edit((creds) => (creds["myAppStateKeyId"] = "a/b:c")),
    /app-state key/,
  ],
  ["a session is cut", () => writeFile(join(account, "session-1.0.json"), "{"), /cannot be read/],
  [
    "a pre-key is no pair",
    async () => {
      const key = await another();
      await edit((pair) => (pair["public"] = key), "pre-key-3.json");
    },
    /no pair of keys/,
  ],
];

test.each(GAPS)("%s: it is linked, and the gap is named", async (_what, change, says) => {
  await change();
  const verdict = await home.judge("whatsapp");
  expect(verdict.verdict).toBe("survives if");
  expect(verdict.evidence[0]).toMatch(says);
});

test("an account where old releases had it, and one that the configuration places", async () => {
  const old = join(home.stateDir, "credentials");
  for (const name of ["creds.json", "pre-key-1.json"]) {
    await rename(join(account, name), join(old, name));
  }
  await rm(join(old, "whatsapp"), { recursive: true });
  expect((await home.judge("whatsapp")).where).toBe(join(old, "creds.json"));
  const elsewhere = await home.linkWhatsApp("../../../elsewhere");
  await home.configure({ whatsapp: { authDir: "~/elsewhere" } });
  expect((await home.judge("whatsapp")).paths).toEqual([elsewhere]);
});

test("an account that the configuration does not name is judged all the same", async () => {
  await home.configure({});
  const verdict = await home.judge("whatsapp");
  expect(verdict.verdict).toBe("survives if");
  expect(verdict.evidence).toContain("The configuration does not name it.");
});

test("trouble that is known of the release is told, and only of that one", async () => {
  const says = (version: string) =>
    home
      .configure({ whatsapp: {} }, { meta: { lastTouchedVersion: version } })
      .then(async () => (await home.judge("whatsapp")).evidence.filter((each) => /#/.test(each)));
  expect(await says("2026.6.3")).toEqual([expect.stringContaining("#92546")]);
  expect(await says("2026.9.6")).toEqual([]);
  expect(await says("2026.3.13-1")).toEqual([expect.stringContaining("#51012")]);
});

test("a counter that is damaged takes no memory", async () => {
  await edit((creds) => (creds["nextPreKeyId"] = 2 ** 50));
  const { evidence } = await home.judge("whatsapp");
  expect(evidence.join()).toMatch(/\d{16} pre-keys that were never used are missing/);
});
