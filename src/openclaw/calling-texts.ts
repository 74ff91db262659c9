import { readdir, readFile, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { ConfigFacts } from "./config.ts";
import { cronTexts } from "./cron-jobs.ts";
import type { Instance } from "./find-instance.ts";
import type { CallingText } from "./scripts.ts";

/** A list of jobs or a hook's handler that is larger is something else. */
const MAX_BYTES = 1024 * 1024;
const MAX_HOOK_FILES = 500;
/** Characters of all of them. */
const MAX_ALL_TEXT = 32 << 20;

/**
 * All that may call a script by its path: the configuration, cron jobs in files (2026.3), the
 * handlers of hooks, and what databases hold.
 */
export async function callingTexts(
  instance: Instance,
  config: ConfigFacts,
  fromDatabases: readonly CallingText[],
): Promise<CallingText[]> {
  return [
    ...config.mentions,
    ...(await jobsInFiles(instance, config)),
    ...fromDatabases.flatMap(({ text, at }) => cronTexts(text, at)),
    ...(await hookHandlers(instance, config)),
  ];
}

async function jobsInFiles(
  { stateDir }: Instance,
  { others }: ConfigFacts,
): Promise<CallingText[]> {
  const stores = others.filter(({ kind }) => kind === "cron").map(({ path }) => path);
  const texts = await Promise.all([join(stateDir, "cron/jobs.json"), ...stores].map(textOf));
  return texts.flatMap((text) => (text === undefined ? [] : cronTexts(text)));
}

/** A hook is a directory with a handler, or a module of its own (docs/automation/hooks.md). */
async function hookHandlers(
  { stateDir }: Instance,
  { workspaces, others }: ConfigFacts,
): Promise<CallingText[]> {
  const named = others.filter(({ kind }) => kind === "hooks").map(({ path }) => path);
  const places = [stateDir, join(stateDir, "workspace"), ...workspaces.map(({ path }) => path)];
  const files: string[] = [];
  for (const directory of new Set([...places.map((path) => join(path, "hooks")), ...named])) {
    for (const { name, isDirectory } of await entriesOf(directory)) {
      const path = join(directory, name);
      const inside = isDirectory
        ? (await entriesOf(path)).map((one) => join(path, one.name))
        : [path];
      files.push(...inside.filter((file) => /\.(?:[cm]?[jt]s|sh|py)$/.test(file)));
    }
  }
  const found: CallingText[] = [];
  let room = MAX_ALL_TEXT;
  for (const path of files.slice(0, MAX_HOOK_FILES)) {
    const text = room > 0 ? await textOf(path) : undefined;
    room -= text?.length ?? 0;
    const parent = basename(dirname(path));
    const name = parent === "hooks" ? basename(path) : parent;
    if (text !== undefined) found.push({ text, at: `the hook ${JSON.stringify(name)}` });
  }
  return found;
}

async function entriesOf(directory: string): Promise<{ name: string; isDirectory: boolean }[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
  return entries.map((entry) => ({ name: entry.name, isDirectory: entry.isDirectory() }));
}

async function textOf(path: string): Promise<string | undefined> {
  const info = await stat(path).catch(() => undefined);
  if (info?.isFile() !== true || info.size > MAX_BYTES) return undefined;
  return readFile(path, "utf8").catch(() => undefined);
}
