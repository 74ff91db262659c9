import { createHash } from "node:crypto";
import { join } from "node:path";
import { judgement } from "./subject.ts";
import type { Judgement, Subject } from "./subject.ts";
import { lookIntoState, pluginState, stateDatabaseOf } from "./state-rows.ts";

/** iMessage is the Mac that is signed in (docs/channels/imessage of OpenClaw's package). */
export function judgeIMessage({ settings, copy }: Subject): Judgement {
  const remote = settings["remoteHost"];
  if (typeof remote === "string" && remote !== "") {
    return judgement({
      verdict: "survives if",
      conditions: [
        "The Mac that is signed in to Messages stays, and the new machine reaches it by SSH with the same key.",
      ],
      evidence: ["Messages run on another Mac, which the gateway calls over SSH."],
      where: "another machine (the Mac)",
      afterwards: "Send it an iMessage; it answers.",
    });
  }
  return judgement({
    verdict: "must be paired again",
    evidence: ["The session is the Mac itself, signed in to Messages: no copy of files moves it."],
    where: join(copy.home, "Library/Messages/chat.db"),
    afterwards:
      "On the new Mac, sign in to Messages, install imsg, and grant it Full Disk Access; on the same Mac, send it an iMessage.",
  });
}

/** A person's own Zalo login: cookies in the shared database (`@openclaw/zalouser` 2026.9). */
export async function judgeZaloUser({ copy, settings, account }: Subject): Promise<Judgement> {
  const profile = typeof settings["profile"] === "string" ? settings["profile"] : account;
  const key = createHash("sha256").update(profile.trim().toLowerCase()).digest("hex");
  const again = "Log in again: openclaw channels login --channel zalouser, and scan the QR code.";
  return judgeRow(copy, again, {
    plugin: "zalouser",
    namespace: "credentials",
    key: `profile:${key}`,
    isWhole: (row) => typeof row["imei"] === "string" && row["cookie"] !== undefined,
    what: "The login's cookies are",
    conditions: ["The old side never runs again, and Zalo still takes its cookies."],
    afterwards: `Send it a message; without an answer: ${again}`,
  });
}

/** Reef's keys and peers are rows of the shared database (docs/channels/reef.md). */
export async function judgeReef({ copy }: Subject): Promise<Judgement> {
  const where = stateDatabaseOf(copy);
  const looked = await lookIntoState(copy, (database) => {
    const query = "SELECT count(*) AS n FROM plugin_state_entries WHERE plugin_id = 'reef'";
    return Number(database.prepare(query).get()?.["n"]);
  });
  const count = looked.state === "read" ? looked.value : 0;
  if (looked.state === "busy") return inUse(where);
  if (count === 0) {
    return judgement({
      verdict: "must be paired again",
      evidence: ["Its keys are not in OpenClaw's database."],
      where,
      afterwards: "Set it up again, and exchange keys with every friend.",
    });
  }
  return judgement({
    verdict: "survives if",
    conditions: [
      "This is the newest state: its guard against replayed messages is in it.",
      "The other side never runs again.",
    ],
    evidence: [`Its keys and peers are ${count} rows of OpenClaw's database.`],
    where,
    afterwards: "Let a friend's agent send a message; it is shown or answered.",
  });
}

interface WantedRow {
  plugin: string;
  namespace: string;
  key: string;
  isWhole: (row: Record<string, unknown>) => boolean;
  what: string;
  conditions: string[];
  afterwards: string;
}

async function judgeRow(
  copy: Subject["copy"],
  again: string,
  wanted: WantedRow,
): Promise<Judgement> {
  const where = stateDatabaseOf(copy);
  const looked = await lookIntoState(copy, (database) => {
    return pluginState(database, wanted.plugin, wanted.namespace).get(wanted.key);
  });
  if (looked.state === "busy") return inUse(where);
  const row = looked.state === "read" ? looked.value : undefined;
  if (row === undefined || !wanted.isWhole(row)) {
    const evidence = [`${wanted.what} not in OpenClaw's database.`];
    return judgement({ verdict: "must be paired again", evidence, where, afterwards: again });
  }
  const used = row["lastUsedAt"] ?? row["createdAt"];
  return judgement({
    verdict: "survives if",
    conditions: wanted.conditions,
    evidence: [`${wanted.what} in OpenClaw's database.`],
    where,
    newest: typeof used === "string" ? used : null,
    afterwards: wanted.afterwards,
  });
}

/** What a database in use holds is not in its file alone. */
function inUse(where: string): Judgement {
  return judgement({
    verdict: "cannot be judged",
    evidence: ["The database is in use: what was written last is in its log."],
    where,
    afterwards: "Stop the gateway and look again.",
  });
}
