import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { eventJson, makeDatabase, messageText } from "./databases.ts";
import type { SchemaMark } from "./databases.ts";
import { Source } from "./prose.ts";

/** Raise it with every change of what a sample holds: older ones are made anew. */
const VERSION = 2;
const MARKER = "sample.json";
const MB = 1_000_000;

const DATABASES = [
  agentDatabase("main", 435 * MB),
  agentDatabase("work", 420 * MB),
  stateDatabase(),
];
const TRANSCRIPTS = { files: 2_000, bytes: 190_000 };
const NOTES = { files: 9_000, bytes: 4_000 };
const KEYS = { files: 8_000, bytes: 700 };
const MEDIA = { files: 1_000, bytes: 440_000 };

/**
 * Makes a home with an OpenClaw-like state of 1.9 GB in 20,000 files (times `scale`) in `dir`,
 * unless the same one is there already. The same parameters give the same bytes.
 *
 * @returns the home directory; the state is `.openclaw` in it.
 */
export function makeSample(dir: string, scale: number): string {
  const home = join(dir, "home");
  const parameters = JSON.stringify({ VERSION, scale });
  if (readMarker(dir) === parameters) return home;
  rmSync(dir, { recursive: true, force: true });
  const state = join(home, ".openclaw");
  const source = new Source(`sample ${VERSION}`);
  writeConfig(state);
  for (const { path, bytes, mark } of DATABASES) {
    mkdirSync(dirname(join(state, path)), { recursive: true });
    makeDatabase(join(state, path), bytes * scale, mark, source);
  }
  writeFiles(state, TRANSCRIPTS.files * scale, (index) => ({
    path: `agents/${index % 2 === 0 ? "main" : "work"}/sessions/${source.id()}.jsonl`,
    content: transcript(source, TRANSCRIPTS.bytes),
  }));
  writeFiles(state, NOTES.files * scale, (index) => ({
    path: `workspace/memory/${2000 + (index % 27)}/${source.id()}.md`,
    content: `# ${source.text(30)}\n\n${source.text(source.length(NOTES.bytes))}\n`,
  }));
  writeFiles(state, KEYS.files * scale, (index) => ({
    path: `credentials/whatsapp/default/pre-key-${index}.json`,
    content: JSON.stringify({ keyId: index, key: source.bytes(KEYS.bytes / 2).toString("hex") }),
  }));
  writeFiles(state, MEDIA.files * scale, () => ({
    path: `media/inbound/${source.id()}.jpg`,
    content: source.bytes(source.length(MEDIA.bytes)),
  }));
  writeFileSync(join(dir, MARKER), parameters);
  return home;
}

interface Database {
  path: string;
  bytes: number;
  mark: SchemaMark;
}

function agentDatabase(agent: string, bytes: number): Database {
  const path = `agents/${agent}/agent/openclaw-agent.sqlite`;
  return { path, bytes, mark: { role: "agent", version: 23, agent } };
}

function stateDatabase(): Database {
  const mark: SchemaMark = { role: "global", version: 18, agent: null };
  return { path: "state/openclaw.sqlite", bytes: 200 * MB, mark };
}

function writeConfig(state: string): void {
  mkdirSync(state, { recursive: true });
  const agents = { entries: { main: { name: "Main" }, work: { name: "Work" } } };
  const gateway = { mode: "local", port: 18789, auth: { mode: "token", token: "not-a-secret" } };
  writeFileSync(join(state, "openclaw.json"), JSON.stringify({ agents, gateway }, null, 2));
}

function writeFiles(
  state: string,
  count: number,
  make: (index: number) => { path: string; content: string | Uint8Array },
): void {
  const known = new Set<string>();
  for (let index = 0; index < count; index += 1) {
    const { path, content } = make(index);
    const file = join(state, path);
    const folder = dirname(file);
    if (!known.has(folder)) mkdirSync(folder, { recursive: true });
    known.add(folder);
    writeFileSync(file, content);
  }
}

function transcript(source: Source, mean: number): string {
  const lines: string[] = [];
  const length = source.length(mean);
  for (let size = 0; size < length; size += lines.at(-1)?.length ?? 0) {
    lines.push(eventJson(source, messageText(source), Date.UTC(2026, 0, 1) + size));
  }
  return `${lines.join("\n")}\n`;
}

function readMarker(dir: string): string | undefined {
  try {
    return readFileSync(join(dir, MARKER), "utf8");
  } catch {
    return undefined;
  }
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { dir: { type: "string" }, scale: { type: "string", default: "1" } },
  });
  if (values.dir === undefined) throw new Error("--dir <folder> is missing");
  process.stdout.write(`${makeSample(values.dir, Number(values.scale))}\n`);
}
