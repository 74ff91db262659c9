import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { expandTilde } from "../user-paths.ts";
import { treeAt } from "../config-tree.ts";
import { locate } from "./locate.ts";
import { examineSignalAccount } from "./signal-account.ts";
import { judgement } from "./subject.ts";
import type { Judgement, Subject } from "./subject.ts";

const AGAIN =
  'Link it again: signal-cli link -n "OpenClaw", and scan the QR code with the phone; a number of its own is registered anew.';

/** Judges a Signal account by signal-cli's data, which lies outside of OpenClaw's state. */
export async function judgeSignal(subject: Subject): Promise<Judgement> {
  const transport = treeAt(subject.settings, "transport");
  const kind = transport["kind"] ?? (subject.settings["httpUrl"] ? "external-native" : undefined);
  if (kind === "container" || kind === "external-native") {
    return judgement({
      verdict: "survives if",
      conditions: ["The Signal daemon that it calls stays, and the new machine reaches it."],
      evidence: ["The account belongs to a Signal daemon of its own, which is not looked into."],
      where: "another program (the Signal daemon)",
      afterwards: "Send it a Signal message; it answers.",
    });
  }
  const base = baseOf(subject, transport["configPath"] ?? subject.settings["configPath"]);
  const data = await locate(subject.copy, join(base, "data"));
  const number = subject.settings["account"];
  const found = await examineSignalAccount(
    (name) => subject.copy.at(join(data, name)),
    typeof number === "string" ? number : undefined,
  );
  const about = {
    where: data,
    ratchets: true,
    evidence: found.evidence,
    newest: await newestBelow(subject.copy.at(data)),
    paths: found.state === "missing" ? [] : [data],
  };
  switch (found.state) {
    case "whole":
      return judgement({
        ...about,
        verdict: "survives if",
        conditions: [
          "This is the newest state of the session: nothing was sent or received since.",
          "The other side never runs again: a device has one life.",
          "signal-cli is installed on the new machine.",
        ],
        afterwards: "Send it a Signal message; it answers. If not: link the device again.",
      });
    case "busy":
    case "unknown":
      return judgement({ ...about, verdict: "cannot be judged", afterwards: AGAIN });
    default:
      return judgement({ ...about, verdict: "must be paired again", afterwards: AGAIN });
  }
}

/** signal-cli's `--config`, else the root that was found for it, else where it usually is. */
function baseOf({ copy }: Subject, given: unknown): string {
  if (typeof given === "string" && given !== "") return expandTilde(given, copy.home);
  const root = copy.roots.find(({ kind }) => kind === "signal");
  return root?.realPath ?? join(copy.home, ".local/share/signal-cli");
}

async function newestBelow(directory: string): Promise<string | null> {
  const entries = await readdir(directory, { recursive: true }).catch(() => []);
  let newest: Date | undefined;
  for (const entry of entries) {
    const info = await stat(join(directory, entry)).catch(() => undefined);
    if (info?.isFile() === true && (newest === undefined || info.mtime > newest)) {
      newest = info.mtime;
    }
  }
  return newest?.toISOString() ?? null;
}
