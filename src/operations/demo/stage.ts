import { readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { backup } from "../backup.ts";
import type { BackupDocument, RestoreDocument } from "../documents.ts";
import { init, type InitContext } from "../init.ts";
import { restore } from "../restore.ts";
import { EVERYTHING } from "../selection.ts";
import { type Fingerprint, filesBelow, fingerprints } from "./comparison.ts";
import { inspectConversations } from "./conversation.ts";
import { count, milliseconds, size } from "./figures.ts";
import { type DemoInstance, makeInstance } from "./instance.ts";
import { LiveWriter, type WriterAnswer } from "./live-writer.ts";
import type { DemoPlace } from "./place.ts";
import type { Outcome } from "./story.ts";

/** How long to watch the agent to tell how fast it writes, ms. */
const RATE_WINDOW = 500;

/** What was known before the disaster, to hold against what came back. */
export interface Before {
  files: Map<string, Fingerprint>;
  /** When the last backup began. */
  writer: WriterAnswer;
  /** Committed when the power went. */
  turnsAtTheEnd: number;
}

/** The acts of the story, from a working agent to a restored one, each to be played once, in order. */
export class Stage implements AsyncDisposable {
  readonly #place: DemoPlace;
  readonly #context: InitContext;
  #instance: DemoInstance | undefined;
  #writer: LiveWriter | undefined;
  #firstStored = 0;
  #firstTurns = 0;
  #before: Before | undefined;

  constructor(place: DemoPlace, context: InitContext) {
    this.#place = place;
    this.#context = context;
  }

  get instance(): DemoInstance {
    return there(this.#instance);
  }

  get before(): Before {
    return there(this.#before);
  }

  async awaken(): Promise<Outcome> {
    this.#instance = await makeInstance(this.#place.home, this.#context.signal);
    this.#writer = new LiveWriter(this.#instance.database, this.#place.env);
    const first = await this.#writer.ask("status");
    await delay(RATE_WINDOW, undefined, { signal: this.#context.signal });
    const { turns } = await this.#writer.ask("status");
    const rate = Math.round(((turns - first.turns) * 1000) / RATE_WINDOW);
    const files = await filesBelow(this.#place.home);
    const sizes = await Promise.all(files.map(async (path) => (await stat(path)).size));
    const bytes = sizes.reduce((sum, each) => sum + each, 0);
    return {
      ok: turns > 0,
      evidence: `Clawd has ${count(files.length, "file")}, ${size(bytes)}: months of conversations, a WhatsApp session, two workspaces. It is in the middle of a talk, ${count(rate, "turn")} a second, and nobody is going to stop it.`,
    };
  }

  async protect(): Promise<Outcome> {
    const { turns: begin } = await there(this.#writer).ask("status");
    const { backup: first, readBack } = await init(this.#context, { backup: true });
    const { turns: end, longest } = await there(this.#writer).ask("status");
    const taken = there(first);
    this.#firstStored = taken.bytes.stored;
    this.#firstTurns = end;
    const meanwhile = end - begin;
    const problem = problemOf(taken) ?? readBack?.errors[0];
    if (problem !== undefined) return { ok: false, evidence: problem };
    const { files, bytes, databases, excluded } = taken;
    const leftOut = excluded.reduce((sum, each) => sum + each.bytes, 0);
    return {
      ok: meanwhile > 0,
      evidence:
        `${count(files.new, "file")}, ${size(bytes.scanned)}, ${databases.length} databases consistent: ${size(bytes.stored)} stored, encrypted, and every byte read back. ` +
        `Meanwhile Clawd wrote ${count(meanwhile, "turn")}; its slowest commit took ${milliseconds(longest)}. ` +
        `${size(leftOut)} of plugins and caches stayed out: they come back by themselves.`,
    };
  }

  async liveOn(): Promise<Outcome> {
    const { stateDir, rebuildable, garden } = this.instance;
    const { signal } = this.#context;
    await writeFile(join(stateDir, "workspace/memory/today.md"), "A new day.\n", { mode: 0o644 });
    await writeFile(join(garden, "beds/bed-1.md"), "Tomatoes, after all.\n");
    const writer = await there(this.#writer).ask("revise");
    const files = await fingerprints(stateDir, rebuildable, signal);
    for (const [path, print] of await fingerprints(garden, [], signal)) files.set(path, print);
    this.#before = { files, writer, turnsAtTheEnd: writer.turns };
    const again = await backup(this.#context, {
      components: [],
      agents: [],
      exclude: [],
      tags: [],
      verify: true,
      gateway: "keep-running",
      dryRun: false,
    });
    const { turns, longest } = await there(this.#writer).ask("status");
    const problem = problemOf(again);
    if (problem !== undefined) return { ok: false, evidence: problem };
    const { stored } = again.bytes;
    const share = Math.round((100 * stored) / this.#firstStored);
    return {
      ok: stored < this.#firstStored,
      evidence:
        `${count(writer.revised ?? 0, "old message")} edited, two notes written, ${count(turns - this.#firstTurns, "turn")} further on: this backup stores ${size(stored)}, ${share} % of the first, in ${milliseconds(again.duration * 1000)}. ` +
        `Clawd's slowest commit took ${milliseconds(longest)}.`,
    };
  }

  async lose(): Promise<Outcome> {
    await there(this.#writer).kill();
    const { database, credentials, garden } = this.instance;
    const turns = inspectConversations(database).completeTurns;
    this.before.turnsAtTheEnd = turns;
    const gone = (await Promise.all([credentials, garden].map(filesBelow))).flat();
    for (const path of [database, `${database}-wal`, `${database}-shm`, credentials, garden]) {
      await rm(path, { recursive: true, force: true });
    }
    return {
      ok: true,
      evidence: `The power goes after turn ${turns.toLocaleString("en-US")}. When it is back, Clawd's conversations, its WhatsApp session and a workspace are gone: ${count(gone.length, "file")} and a database.`,
    };
  }

  async bringBack(): Promise<Outcome> {
    const { target } = this.#place;
    const options = { snapshot: "latest", target, ...EVERYTHING, paths: [], dryRun: false };
    const restored: RestoreDocument = await restore(this.#context, options);
    const [problem] = restored.errors;
    if (problem !== undefined)
      return { ok: false, evidence: `${problem.path}: ${problem.message}` };
    const soul = this.restoredPath(join(this.instance.stateDir, "workspace/SOUL.md"));
    return {
      ok: restored.verified,
      evidence: `${count(restored.files, "file")}, ${size(restored.bytes)} in ${milliseconds(restored.duration * 1000)}, every chunk proven by its hash before it was written. Its SOUL.md says again: “${(await readFile(soul, "utf8")).trim().split("\n").at(-1)}”`,
    };
  }

  /** Where a path of the instance lies once it is restored. */
  restoredPath(path: string): string {
    return join(this.#place.target, path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writer?.[Symbol.asyncDispose]();
  }
}

/** What an act needs of an earlier one. */
function there<T>(value: T | null | undefined): T {
  if (value === null || value === undefined) throw new Error("an act of the demo came too early");
  return value;
}

function problemOf({ errors, databases }: BackupDocument): string | undefined {
  const [error] = errors;
  if (error !== undefined) return `${error.path}: ${error.message}`;
  const doubtful = databases.find(({ consistent }) => !consistent);
  return doubtful && `${doubtful.path}: not proven consistent`;
}
