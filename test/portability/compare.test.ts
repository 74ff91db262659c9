import { mkdir, readdir, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { InstanceCopy } from "../../src/openclaw/instance-copy.ts";
import {
  compareSessions,
  type SessionsMode,
} from "../../src/openclaw/portability/compare-sessions.ts";
import { judgeChannels } from "../../src/openclaw/portability/judge-channels.ts";
import { ChannelsHome } from "./instance.ts";

let live: ChannelsHome;
let kept: ChannelsHome;
let snapshot: InstanceCopy;

beforeEach(async () => {
  live = await ChannelsHome.create();
  kept = await ChannelsHome.create();
  // Names are those of the live one; its bytes are where the other is.
  snapshot = { ...live.copy, at: (path) => path.replace(live.home, kept.home) };
  for (const home of [live, kept]) {
    await home.configure({ whatsapp: {}, telegram: { botToken: "x" } });
    await home.linkWhatsApp();
  }
});
afterEach(async () => {
  await live[Symbol.asyncDispose]();
  await kept[Symbol.asyncDispose]();
});

const account = (home: ChannelsHome) => join(home.stateDir, "credentials/whatsapp/default");
const choice = async (mode?: SessionsMode) => {
  const [first, ...others] = await compareSessions(live.copy, snapshot, mode);
  expect(others).toEqual([]);
  return first;
};
const breakOff = (home: ChannelsHome) => writeFile(join(account(home), "creds.json"), "{");
/** Makes every file of the account this old. */
async function changedAt(home: ChannelsHome, time: string): Promise<void> {
  for (const name of await readdir(account(home))) {
    await utimes(join(account(home), name), new Date(time), new Date(time));
  }
}

test("the live session stays, and only what ratchets is spoken of", async () => {
  expect(await choice()).toEqual({
    channel: "whatsapp",
    account: "default",
    keep: "live",
    why: "it moves on with each message",
    paths: [account(live)],
  });
});

test("one that is gone or damaged gives way to a sound one", async () => {
  await breakOff(live);
  expect(await choice()).toMatchObject({ keep: "snapshot", why: "the one here is damaged" });
  await breakOff(kept);
  expect(await choice()).toMatchObject({ keep: "live" });
  await rm(account(live), { recursive: true });
  expect(await choice()).toMatchObject({ keep: "snapshot", why: "there is none here" });
});

test("what a snapshot does not have is never taken away", async () => {
  await rm(account(kept), { recursive: true });
  expect(await choice("snapshot")).toMatchObject({ keep: "live", why: "the snapshot has none" });
});

test("as asked for", async () => {
  expect(await choice("snapshot")).toMatchObject({ keep: "snapshot" });
  await breakOff(live);
  expect(await choice("live")).toMatchObject({ keep: "live", why: "as asked for" });
});

test("the newest, when that is asked for", async () => {
  await changedAt(live, "2026-11-01T00:00:00Z");
  await changedAt(kept, "2026-11-02T00:00:00Z");
  expect(await choice("newest")).toMatchObject({ keep: "snapshot" });
  await changedAt(live, "2026-11-03T00:00:00Z");
  expect(await choice("newest")).toMatchObject({ keep: "live" });
});

test("a link in a copy never leads into the live instance", async () => {
  const elsewhere = join(live.home, "elsewhere");
  for (const home of [live, kept]) {
    await rm(account(home), { recursive: true });
    await mkdir(join(home.home, "elsewhere"));
    await symlink(elsewhere, account(home));
  }
  await live.linkWhatsApp("../../../elsewhere");
  const judge = async () => {
    const verdicts = await judgeChannels(snapshot, { now: new Date(), live: false, env: {} });
    return verdicts.find(({ channel }) => channel === "whatsapp");
  };
  expect(await judge()).toMatchObject({ verdict: "must be paired again", paths: [] });
  await kept.linkWhatsApp("../../../elsewhere");
  expect(await judge()).toMatchObject({ verdict: "survives if", paths: [elsewhere] });
});
