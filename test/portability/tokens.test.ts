import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";
import { CHANNEL_TABLE } from "../../src/openclaw/portability/channel-table.ts";
import { judgeChannels } from "../../src/openclaw/portability/judge-channels.ts";
import { FIXED_VERDICTS } from "../../src/openclaw/portability/special-table.ts";
import { openclaw, peerTest } from "../peers/peers.ts";
import { ChannelsHome } from "./instance.ts";

const TELEGRAM = `123456789:${"Aa0_-".repeat(7)}`;
const DISCORD = `${Buffer.from("123456789012345678").toString("base64url")}.GabCde.${"x".repeat(38)}`;

let home: ChannelsHome;
beforeEach(async () => void (home = await ChannelsHome.create()));
afterEach(() => home[Symbol.asyncDispose]());

test.each([
  ["telegram", { botToken: TELEGRAM }, "survives"],
  ["telegram", { botToken: TELEGRAM.slice(1, -1) }, "must be paired again"],
  ["telegram", { botToken: TELEGRAM, webhookUrl: "https://example.org/t" }, "survives if"],
  ["discord", { token: DISCORD }, "survives"],
  ["discord", { token: `x${DISCORD}` }, "must be paired again"],
  ["slack", { botToken: "xoxb-1234567890-abc", appToken: "xapp-1-ABCDEFGHIJ" }, "survives"],
  ["slack", { botToken: "xoxb-1234567890-abc" }, "survives if"],
  ["slack", { botToken: "xoxp-1234567890-abc" }, "must be paired again"],
  ["slack", { mode: "http", botToken: "xoxb-1234567890-abc", signingSecret: "s" }, "survives if"],
  ["nostr", { privateKey: "ab".repeat(32) }, "survives"],
  ["irc", { host: "irc.example.org" }, "survives"],
  ["line", { channelAccessToken: "a", channelSecret: "b" }, "survives if"],
  ["feishu", { appSecret: "a" }, "survives"],
  ["feishu", { appSecret: "a", connectionMode: "webhook" }, "survives if"],
  ["imessage", {}, "must be paired again"],
  ["imessage", { remoteHost: "bot@mac" }, "survives if"],
  ["webchat", {}, "survives"],
  ["carrier-pigeon", { token: "coo" }, "cannot be judged"],
])("%s %j: %s", async (channel, settings, verdict) => {
  await home.configure({ [channel]: settings });
  expect((await home.judge(channel)).verdict).toBe(verdict);
});

test("where a token is, is told; the token is not", async () => {
  const token = { source: "file", provider: "keys", id: "/bots/telegram" };
  const keys = { source: "file", path: "~/secrets/keys.json", mode: "json" };
  await home.put("secrets/keys.json", JSON.stringify({ bots: { telegram: TELEGRAM } }));
  await home.put("secrets/discord", `${DISCORD}\n`);
  await home.put(".openclaw/.env", `SLACK_APP_TOKEN=xapp-1-ABCDEFGHIJ\n`);
  await home.configure(
    {
      telegram: { accounts: { one: { botToken: token }, two: { tokenFile: "~/nowhere" } } },
      discord: { token: { source: "exec", provider: "vault", id: "x" } },
      slack: { botToken: "${SLACK_TOKEN}" },
    },
    { secrets: { providers: { keys } } },
  );
  const env = { SLACK_TOKEN: "xoxb-1234567890-hushhush" };
  const verdicts = await judgeChannels(home.copy, { now: new Date(), live: true, env });
  expect(
    verdicts.map(({ channel, account, verdict, where }) => [channel, account, verdict, where]),
  ).toEqual([
    ["discord", "default", "survives if", "secret reference (a command)"],
    ["slack", "default", "survives if", "environment (SLACK_TOKEN)"],
    ["telegram", "one", "survives", "~/secrets/keys.json"],
    ["telegram", "two", "must be paired again", "~/nowhere"],
  ]);
  const text = JSON.stringify(verdicts);
  for (const secret of [TELEGRAM, "hushhush", "xapp-1"]) expect(text).not.toContain(secret);
});

test("the environment of this process says nothing of a copy", async () => {
  await home.configure({ telegram: {} });
  const env = { TELEGRAM_BOT_TOKEN: "wrong" };
  expect((await home.judge("telegram", env, true)).verdict).toBe("must be paired again");
  expect(await home.judge("telegram", env, false)).toMatchObject({
    verdict: "survives if",
    conditions: ["TELEGRAM_BOT_TOKEN is set in the environment that the gateway starts in."],
  });
});

test("OpenClaw's own store comes along with its database", async () => {
  await home.configure({ telegram: { botToken: { source: "store", id: "tg" } } });
  expect((await home.judge("telegram")).verdict).toBe("must be paired again");
  const file = await home.put(".openclaw/state/openclaw.sqlite", "");
  expect((await home.judge("telegram")).verdict).toBe("survives if");
  {
    using database = new DatabaseSync(file);
    database.exec(
      "CREATE TABLE secret_store_entries (name TEXT, value TEXT, deleted_at_ms INTEGER)",
    );
  }
  expect((await home.judge("telegram")).verdict).toBe("must be paired again");
  {
    using database = new DatabaseSync(file);
    database.prepare("INSERT INTO secret_store_entries VALUES ('tg', ?, NULL)").run(TELEGRAM);
  }
  expect((await home.judge("telegram")).evidence[0]).toMatch(
    /secret store\) and has the right form/,
  );
});

test("a malformed configuration hides no account that is on disk", async () => {
  await home.linkWhatsApp("work");
  await home.put(".openclaw/openclaw.json", "{ channels: ");
  expect((await home.judge("whatsapp")).evidence).toContain(
    "The configuration cannot be read: this is what is on disk.",
  );
});

peerTest("every channel that OpenClaw's documentation lists is known here", openclaw, (program) => {
  const docs = join(program, "../docs");
  const index = readFileSync(join(docs, "channels/index.md"), "utf8");
  const listed = [...index.matchAll(/^- \[[^\]]+\]\((\/[\w/-]+)\) - /gm)].map(([, page]) => page);
  const judged = ["whatsapp", "matrix", "signal", "imessage", "zalouser", "reef"];
  const pages = new Set([
    ...judged.map((name) => `/channels/${name}`),
    ...CHANNEL_TABLE.map(({ source }) => `/channels/${source.split(/[./]/)[0]}`),
    ...FIXED_VERDICTS.map(({ source }) => `/${source.replace(".md", "")}`),
    // Telephony, and no channel of messages.
    "/plugins/voice-call",
  ]);
  expect(listed.length).toBeGreaterThan(25);
  expect(listed.filter((page) => !pages.has(page ?? ""))).toEqual([]);
  const sources = [
    ...CHANNEL_TABLE.map(({ source }) => `channels/${source}`),
    ...FIXED_VERDICTS.map(({ source }) => source),
  ];
  for (const source of sources)
    expect(readFileSync(join(docs, source)).length, source).toBeGreaterThan(0);
});

test("a text made of variables is no token by itself", async () => {
  await home.configure({ telegram: { botToken: "${BOT_ID}:${BOT_KEY}" } });
  const [id = "", key = ""] = TELEGRAM.split(":");
  expect(await home.judge("telegram")).toMatchObject({
    verdict: "survives if",
    conditions: [expect.stringMatching(/BOT_ID is set .*BOT_KEY is set/)],
  });
  await home.put(".openclaw/.env", `BOT_ID=${id}\nBOT_KEY=${key}\n`);
  expect((await home.judge("telegram")).verdict).toBe("survives");
});

test("what OpenClaw shows in the place of a secret is none", async () => {
  const settings = { botToken: "__OPENCLAW_REDACTED__", baseUrl: "https://example.org" };
  await home.configure({ mattermost: settings });
  expect((await home.judge("mattermost")).verdict).toBe("must be paired again");
});

test("a token written where a path belongs is not shown", async () => {
  await home.configure({ telegram: { tokenFile: TELEGRAM } });
  expect(JSON.stringify(await home.judge("telegram"))).not.toContain(TELEGRAM.slice(0, 8));
});
