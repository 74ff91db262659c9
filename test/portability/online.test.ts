import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { askServices, type OnlineAnswer } from "../../src/openclaw/portability/online.ts";
import { ChannelsHome } from "./instance.ts";

const TELEGRAM = `123456789:${"Aa0_-".repeat(7)}`;

let home: ChannelsHome;
let server: Server;
let base: string;
let asked: { method: string; url: string; authorization: string }[];
/** What the services say: a status and a document, or nothing at all. */
let answer: (request: IncomingMessage) => [number, object | string] | undefined;

beforeEach(async () => {
  home = await ChannelsHome.create();
  asked = [];
  server = createServer((request, response) => {
    const { method = "", url = "", headers } = request;
    asked.push({ method, url, authorization: headers.authorization ?? "" });
    const said = answer(request);
    if (said === undefined) return;
    const [status, document] = said;
    response.writeHead(status, { location: `${base}/elsewhere` });
    response.end(typeof document === "string" ? document : JSON.stringify(document));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await home.configure({
    telegram: { botToken: TELEGRAM },
    discord: { token: "Bot hush.discord" },
    slack: { botToken: "xoxb-hush" },
    matrix: { homeserver: `${base}/`, accessToken: "hush-matrix" },
    line: { channelAccessToken: "hush-line", channelSecret: "hush" },
  });
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await home[Symbol.asyncDispose]();
});

async function ask(timeoutMs = 5000): Promise<Record<string, OnlineAnswer>> {
  const services = { telegram: `${base}/tg`, discord: `${base}/dc`, slack: `${base}/sl` };
  const asking = { services, signal: new AbortController().signal, timeoutMs };
  const judging = { now: new Date(), live: true, env: {} };
  const answers = await askServices(home.copy, judging, asking);
  expect(JSON.stringify(answers)).not.toMatch(/hush|Aa0_/);
  return Object.fromEntries(answers.map((each) => [each.channel, each]));
}

test("each service hears one harmless question, and says whose the token is", async () => {
  answer = ({ url = "" }) => {
    if (url.startsWith("/tg")) return [200, { ok: true, result: { username: "claw_bot" } }];
    if (url.startsWith("/dc")) return [200, { username: "claw" }];
    if (url.startsWith("/sl")) return [200, { ok: true, user: "claw" }];
    return [200, { user_id: "@claw:example.org" }];
  };
  expect(await ask()).toEqual({
    telegram: expect.objectContaining({
      accepted: true,
      said: "The service knows it as claw_bot.",
    }),
    discord: expect.objectContaining({ accepted: true }),
    slack: expect.objectContaining({ accepted: true }),
    matrix: expect.objectContaining({ said: "The service knows it as @claw:example.org." }),
  });
  expect(asked.toSorted((a, b) => (a.url < b.url ? -1 : 1))).toEqual([
    {
      method: "GET",
      url: "/_matrix/client/v3/account/whoami",
      authorization: "Bearer hush-matrix",
    },
    { method: "GET", url: "/dc/users/@me", authorization: "Bot hush.discord" },
    { method: "GET", url: "/sl/auth.test", authorization: "Bearer xoxb-hush" },
    { method: "GET", url: `/tg/bot${TELEGRAM}/getMe`, authorization: "" },
  ]);
});

test("a token that a service refuses is told from a service that is ill", async () => {
  answer = ({ url = "" }) => {
    if (url.startsWith("/tg")) return [404, { ok: false }];
    if (url.startsWith("/dc")) return [500, "<html>"];
    if (url.startsWith("/sl")) return [200, { ok: false, error: "invalid_auth" }];
    return [401, { errcode: "M_UNKNOWN_TOKEN" }];
  };
  const answers = await ask();
  const accepted = Object.entries(answers).map(([channel, each]) => [channel, each.accepted]);
  expect(Object.fromEntries(accepted)).toEqual({
    telegram: false,
    discord: null,
    slack: false,
    matrix: false,
  });
});

test("only a refusal is one: an answer without a name tells nothing", async () => {
  answer = ({ url = "" }) => {
    if (url.startsWith("/tg")) return [403, { ok: false }];
    if (url.startsWith("/dc")) return [200, []];
    if (url.startsWith("/sl")) return [200, { ok: false, error: "ratelimited" }];
    return [200, {}];
  };
  for (const each of Object.values(await ask())) expect(each.accepted).toBeNull();
});

test("silence, nonsense and a redirect tell nothing, and take no longer than they may", async () => {
  answer = ({ url = "" }) => {
    if (url.startsWith("/tg")) return undefined;
    if (url.startsWith("/dc")) return [302, ""];
    return [200, "nonsense"];
  };
  const answers = await ask(300);
  for (const each of Object.values(answers)) expect(each.accepted).toBeNull();
  expect(asked.map(({ url }) => url)).not.toContain("/elsewhere");
});

test("a token that cannot be seen is not asked about", async () => {
  await home.configure({ telegram: { botToken: { source: "exec", provider: "v", id: "x" } } });
  expect(await ask()).toEqual({ telegram: expect.objectContaining({ accepted: null }) });
  expect(asked).toEqual([]);
});
