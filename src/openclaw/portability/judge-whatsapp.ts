import { join } from "node:path";
import { expandTilde } from "../user-paths.ts";
import type { Tree } from "../config-tree.ts";
import type { InstanceCopy } from "../instance-copy.ts";
import { locate } from "./locate.ts";
import { readJsonFile } from "./read-json.ts";
import { judgement } from "./subject.ts";
import type { Judgement, Subject } from "./subject.ts";
import { examineCreds } from "./whatsapp-creds.ts";
import { examineKeys } from "./whatsapp-keys.ts";

const CONDITIONS = [
  "This is the newest state of the session: nothing was sent or received since.",
  "The other side never runs again: two living copies of one session break it.",
];

const COOL_DOWN = "After several tries to link it again WhatsApp refuses for 24 to 72 hours.";

const RELINK =
  "Link it again: openclaw channels login --channel whatsapp, and scan the QR code with the phone (Linked devices). Scan once and wait.";

const AFTERWARDS =
  "Send it a message and wait for both ticks and an answer; errors such as Bad MAC, or no answer, mean linking it again.";

/** Judges a WhatsApp account by the key material that Baileys keeps of it. */
export async function judgeWhatsApp(subject: Subject): Promise<Judgement> {
  const directory = await locate(subject.copy, await directoryOf(subject));
  const where = join(directory, "creds.json");
  const about = { where, ratchets: true, paths: [directory] };
  const read = await readCreds(subject.copy, directory);
  if (read.creds === undefined) {
    const isGone = read.state === "missing";
    return judgement({
      ...about,
      verdict: "must be paired again",
      evidence: [
        isGone ? "It has no creds.json: it is not linked." : "creds.json is damaged.",
        COOL_DOWN,
      ],
      paths: isGone ? [] : about.paths,
      afterwards: RELINK,
    });
  }
  const creds = examineCreds(read.creds);
  const keys = await examineKeys(subject.copy.at(directory), creds);
  const newest = keys.newest?.toISOString() ?? null;
  const evidence = [
    ...creds.broken,
    ...keys.gaps,
    ...read.notes,
    ...creds.proven,
    keys.summary,
    COOL_DOWN,
  ];
  if (creds.broken.length > 0) {
    const verdict = "must be paired again";
    return judgement({ ...about, verdict, evidence, newest, afterwards: RELINK });
  }
  return judgement({
    ...about,
    verdict: "survives if",
    conditions: CONDITIONS,
    evidence,
    newest,
    afterwards: AFTERWARDS,
  });
}

interface ReadCreds {
  creds: Tree | undefined;
  state: "read" | "missing" | "unreadable" | "malformed";
  notes: string[];
}

/** OpenClaw itself takes `creds.json.bak` when `creds.json` cannot be parsed. */
async function readCreds(copy: InstanceCopy, directory: string): Promise<ReadCreds> {
  const read = async (name: string) =>
    readJsonFile(copy.at(await locate(copy, join(directory, name))));
  const file = await read("creds.json");
  if (file.state === "read") return { creds: file.tree, state: "read", notes: [] };
  const backup = await read("creds.json.bak");
  if (backup.state !== "read") return { creds: undefined, state: file.state, notes: [] };
  const note = "creds.json cannot be read: OpenClaw will take creds.json.bak, an older state.";
  return { creds: backup.tree, state: "read", notes: [note] };
}

/** `authDir`, else its own directory, else for the default account where old releases had it. */
async function directoryOf({ copy, settings, account }: Subject): Promise<string> {
  const given = settings["authDir"];
  if (typeof given === "string" && given !== "") return expandTilde(given, copy.home);
  const usual = join(copy.stateDir, "credentials/whatsapp", account);
  if (account !== "default") return usual;
  const old = join(copy.stateDir, "credentials");
  for (const directory of [usual, old]) {
    const { state } = await readJsonFile(
      copy.at(await locate(copy, join(directory, "creds.json"))),
    );
    if (state !== "missing") return directory;
  }
  return usual;
}
