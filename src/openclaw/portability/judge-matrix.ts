import { createHash } from "node:crypto";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { findSecret } from "./judge-by-credentials.ts";
import { locate } from "./locate.ts";
import { readMatrixStore } from "./matrix-store.ts";
import type { MatrixStore } from "./matrix-store.ts";
import { readJsonFile } from "./read-json.ts";
import { lookIntoState, pluginState } from "./state-rows.ts";
import { judgement } from "./subject.ts";
import type { Judgement, Subject } from "./subject.ts";

/** What a Matrix account logs in with (docs/channels/matrix.md of OpenClaw's package). */
export const MATRIX_TOKEN = {
  what: "access token",
  keys: ["accessToken"],
  env: "MATRIX_ACCESS_TOKEN",
};

const AGAIN =
  "Log in as a new device (openclaw matrix account add), then verify it and restore its keys: openclaw matrix verify backup restore";
const CONDITIONS = [
  "This is the newest state of the device's keys.",
  "The other side never runs again: a device has one life.",
];

/** Judges a Matrix account by its token and, where it is encrypted, by its crypto store. */
export async function judgeMatrix(subject: Subject): Promise<Judgement> {
  const { copy, account, settings } = subject;
  const token = await tokenOf(subject);
  const place = join(copy.stateDir, "matrix/accounts", folderOf(account));
  const directory = await locate(copy, place);
  const stores = await storesBelow(subject, directory);
  const isEncrypted = settings["encryption"] === true || stores.length > 0;
  const about = {
    where: directory,
    ratchets: isEncrypted,
    paths: stores.length > 0 ? [directory] : [],
  };
  if (token === "busy" || stores.some(({ found }) => found.state === "busy")) {
    return judgement({
      verdict: "cannot be judged",
      evidence: ["The account's database is in use: what was written last is in its log."],
      ...about,
      newest: newestOf(stores),
      afterwards: "Stop the gateway and look again.",
    });
  }
  if (token === undefined) {
    const evidence = ["There is no access token, nor a login that was kept."];
    // The token may be where nothing can be seen from here: the store is a session all the same.
    return judgement({
      ...about,
      verdict: "must be paired again",
      evidence,
      newest: newestOf(stores),
      afterwards: AGAIN,
    });
  }
  const evidence = [`The access token is there (${token.where}).`];
  const conditions = token.condition === undefined ? [] : [token.condition];
  if (!isEncrypted) {
    return judgement({
      verdict: conditions.length > 0 ? "survives if" : "survives",
      conditions,
      evidence: [...evidence, "Encryption is off: the token is all there is."],
      where: token.where,
      afterwards: "Write in a room that it is in; it answers.",
    });
  }
  return judgeStore(currentStore(stores, token.value), directory, { conditions, evidence });
}

interface FoundStore {
  /** As at home. */
  path: string;
  found: MatrixStore;
}

function judgeStore(
  current: FoundStore | undefined,
  directory: string,
  { conditions, evidence }: { conditions: string[]; evidence: string[] },
): Judgement {
  const about = {
    where: current?.path ?? directory,
    newest: current?.found.kept ?? null,
    ratchets: true,
    paths: current === undefined ? [] : [directory],
    evidence: [...(current?.found.evidence ?? ["There is no crypto store."]), ...evidence],
  };
  switch (current?.found.state) {
    case "whole":
      return judgement({
        ...about,
        verdict: "survives if",
        conditions: [...CONDITIONS, ...conditions],
        afterwards:
          "Write in an encrypted room; it answers. `openclaw matrix verify status` shows the device as verified.",
      });
    case "unknown":
      return judgement({ ...about, verdict: "cannot be judged", afterwards: AGAIN });
    default:
      return judgement({ ...about, verdict: "must be paired again", afterwards: AGAIN });
  }
}

interface Token {
  where: string;
  value?: string;
  condition?: string;
}

/** From the configuration, else from the login that the plugin has kept. */
async function tokenOf(subject: Subject): Promise<Token | "busy" | undefined> {
  const { copy, account, settings } = subject;
  const configured = await findSecret({ ...MATRIX_TOKEN, optional: true }, subject);
  if (configured !== undefined && configured.missing !== true) return configured;
  const looked = await lookIntoState(copy, (open) => {
    return pluginState(open, "matrix", "credentials").get(`account:${account}`)?.["accessToken"];
  });
  if (looked.state === "busy") return "busy";
  if (looked.state === "read" && typeof looked.value === "string") {
    return { where: "OpenClaw's database", value: looked.value };
  }
  const name = account === "default" ? "credentials.json" : `credentials-${account}.json`;
  const path = join(copy.stateDir, "credentials/matrix", name);
  const old = await readJsonFile(copy.at(await locate(copy, path)));
  const kept = old.state === "read" ? old.tree["accessToken"] : undefined;
  if (typeof kept === "string") return { where: path, value: kept };
  return settings["password"] === undefined ? undefined : { where: "config (a password)" };
}

async function storesBelow({ copy }: Subject, directory: string): Promise<FoundStore[]> {
  const stores: FoundStore[] = [];
  for (const user of await directoriesIn(copy.at(directory))) {
    for (const hash of await directoriesIn(copy.at(join(directory, user)))) {
      if (!/^[a-f0-9]{16}$/.test(hash)) continue;
      const path = join(directory, user, hash);
      const found = await readMatrixStore((name) => copy.at(join(path, name)));
      if (found.state !== "none") stores.push({ path, found });
    }
  }
  return stores;
}

/** The one of the token's hash; a token may have been renewed since, then the newest. */
function currentStore(
  stores: readonly FoundStore[],
  token: string | undefined,
): FoundStore | undefined {
  const hash = token && createHash("sha256").update(token).digest("hex").slice(0, 16);
  return (
    stores.find(({ path }) => hash !== undefined && path.endsWith(`/${hash}`)) ??
    stores.toSorted((a, b) => ((a.found.kept ?? "") < (b.found.kept ?? "") ? 1 : -1))[0]
  );
}

function newestOf(stores: readonly FoundStore[]): string | null {
  return (
    stores
      .map(({ found }) => found.kept ?? "")
      .toSorted()
      .at(-1) || null
  );
}

/** The plugin's name for an account's directory. */
function folderOf(account: string): string {
  return account.toLowerCase().replace(/[^a-z0-9._-]+/g, "_") || "unknown";
}

async function directoriesIn(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}
