import { expect, test } from "vitest";
import type { SessionsDocument, SessionVerdict } from "../../operations/sessions/document.ts";
import type { View } from "../command.ts";
import { createStyle } from "../output/style.ts";
import { renderSessions } from "./sessions.ts";

const view: View = {
  style: createStyle(false),
  width: 80,
  now: new Date("2026-11-22T12:00:00Z"),
  verbose: false,
};

function channel(given: Partial<SessionVerdict>): SessionVerdict {
  return {
    channel: "telegram",
    account: "default",
    verdict: "survives",
    conditions: [],
    evidence: ["The bot token is there (config) and has the right form."],
    where: "config",
    newest: null,
    ratchets: false,
    paths: [],
    afterwards: "Send the bot a message; it answers as before.",
    online: null,
    ...given,
  };
}

const DOCUMENT: SessionsDocument = {
  snapshot: null,
  instance: { stateDir: "/home/ada/.openclaw", hostname: "tower" },
  channels: [
    channel({}),
    channel({
      channel: "whatsapp",
      account: "work\u001b[2J",
      verdict: "must be paired again",
      evidence: ["creds.json is damaged."],
      where: "/home/ada/.openclaw/credentials/whatsapp/work/creds.json",
      newest: "2026-11-22T10:00:00.000Z",
      ratchets: true,
      afterwards: "Link it again: openclaw channels login --channel whatsapp",
    }),
    channel({ channel: "line", verdict: "survives if", conditions: ["The URL leads here."] }),
  ],
  notes: ["It was taken elsewhere."],
  warnings: ["openclaw.json: it is malformed"],
};

test("verdicts, what they rest on, and what to do, the worst first", () => {
  expect(renderSessions(DOCUMENT, view)).toMatchSnapshot();
});

test("no channel", () => {
  const empty = { ...DOCUMENT, channels: [], notes: [], warnings: [] };
  expect(renderSessions(empty, view)).toBe(
    "Sessions of /home/ada/.openclaw\n  no messaging channel is set up",
  );
});
