import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { CredsFindings } from "./whatsapp-creds.ts";
import { isPair, keyPairIn } from "./key-pair.ts";
import { readJsonFile } from "./read-json.ts";

/** What the key files beside a `creds.json` show. */
export interface KeyFindings {
  /** It is linked, and some messages will not be read; sentences. */
  gaps: string[];
  /** One sentence of what there is. */
  summary: string;
  /** The newest file's time. */
  newest: Date | undefined;
}

/** Baileys' names for what it keeps as objects, one file each (`useMultiFileAuthState`). */
const KINDS = ["pre-key", "session", "sender-key", "app-state-sync-key", "app-state-sync-version"];
const KEY_FILE = new RegExp(`^(${KINDS.join("|")})-(?!memory-)(.+)\\.json$`);

/** Holds the key files of an account against what its `creds.json` refers to. */
export async function examineKeys(directory: string, creds: CredsFindings): Promise<KeyFindings> {
  const names = await readdir(directory).catch(() => []);
  const found = new Map<string, string[]>(KINDS.map((kind) => [kind, []]));
  const gaps: string[] = [];
  let malformed = 0;
  let mismatched = 0;
  let newest: Date | undefined;
  for (const name of names) {
    if (!name.endsWith(".json")) continue;
    const path = join(directory, name);
    const modified = (await stat(path).catch(() => undefined))?.mtime;
    if (modified !== undefined && (newest === undefined || modified > newest)) newest = modified;
    const [, kind, id] = KEY_FILE.exec(name) ?? [];
    if (kind === undefined || id === undefined) continue;
    const file = await readJsonFile(path);
    if (file.state !== "read") {
      malformed += 1;
      continue;
    }
    const pair = kind === "pre-key" ? keyPairIn(file.tree) : undefined;
    if (kind === "pre-key" && (pair === undefined || !isPair(pair))) mismatched += 1;
    found.get(kind)?.push(id);
  }
  if (malformed > 0) gaps.push(`${malformed} key files cannot be read.`);
  if (mismatched > 0) gaps.push(`${mismatched} pre-keys are no pair of keys.`);
  gaps.push(...preKeyGaps(found.get("pre-key") ?? [], creds));
  gaps.push(...appStateGaps(found.get("app-state-sync-key") ?? [], creds));
  return { gaps, summary: summaryOf(found), newest };
}

/** A pre-key goes when it is used: one that was never offered cannot have been. */
function preKeyGaps(ids: readonly string[], creds: CredsFindings): string[] {
  const { nextPreKeyId: next, firstUnuploadedPreKeyId: offered } = creds;
  const there = new Set(ids.map(Number));
  if ([...there].some((id) => id >= next)) {
    return ["There are pre-keys that creds.json does not know: it is older than its key files."];
  }
  if (next > 1 && there.size === 0) return ["All of its pre-keys are missing."];
  const first = Math.max(offered, 1);
  const kept = [...there].filter((id) => id >= first).length;
  const missing = Math.max(0, next - first - kept);
  return missing === 0 ? [] : [`${missing} pre-keys that were never used are missing.`];
}

function appStateGaps(ids: readonly string[], { appStateKeyId }: CredsFindings): string[] {
  // Baileys' names for files: `/` and `:` are replaced.
  const name = appStateKeyId?.replaceAll("/", "__").replaceAll(":", "-");
  if (name === undefined || ids.includes(name)) return [];
  return ["The app-state key that creds.json refers to is missing."];
}

function summaryOf(found: ReadonlyMap<string, readonly string[]>): string {
  const counts = KINDS.map((kind) => [kind, found.get(kind)?.length ?? 0] as const);
  const words = counts
    .filter(([, count]) => count > 0)
    .map(([kind, count]) => {
      return `${count} ${kind}${count === 1 ? "" : "s"}`;
    });
  return words.length === 0 ? "There are no key files." : `Beside it: ${words.join(", ")}.`;
}
