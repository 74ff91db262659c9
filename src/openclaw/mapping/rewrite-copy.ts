import { readdir, readlink, stat } from "node:fs/promises";
import { join } from "node:path";
import type { InstanceCopy } from "../instance-copy.ts";
import { placeInCopy } from "../revival/copied-place.ts";
import { withRealPlaces } from "./automatic.ts";
import { followScripts } from "./called-scripts.ts";
import { entriesOf } from "./copy-entries.ts";
import { isDatabase, mapDatabase } from "./database-file.ts";
import { movedTarget } from "./link-target.ts";
import type { PathMapping } from "./map-path.ts";
import type { Known, Pass } from "./pass.ts";
import { PathMatcher } from "./path-matcher.ts";
import { replaceLink } from "./replace-content.ts";
import type { MappingReport } from "./report.ts";
import { Tally } from "./tally.ts";
import { mapFile } from "./text-file.ts";

export interface MappingOptions {
  /** Rewrite what is words too: Markdown, transcripts, memories. */
  words: boolean;
  signal?: AbortSignal | undefined;
}

/**
 * Gives a copy of an instance its new place: what it holds of the old one is rewritten where it is
 * live, and a scan afterwards says what is left. Where the files lie does not change; that is for
 * whoever lays them out (`mapPath`). No log may lie beside a database: it would be taken in.
 *
 * What is words is for people and models to read, and stays as it was said unless it is asked for.
 */
export async function rewriteCopy(
  copy: InstanceCopy,
  mappings: readonly PathMapping[],
  options: MappingOptions,
): Promise<MappingReport> {
  const wanted = withRealPlaces(mappings, copy.roots);
  if (wanted.length === 0) return { rewritten: [], left: [], remaining: [] };
  const journey = await journeyThrough(copy, wanted, options);
  const done = await goThrough(journey, "write", "count");
  const proof = await goThrough(journey, "prove", "skip");
  return { ...done, remaining: proof.rewritten };
}

/** What {@link rewriteCopy} would do, without doing it. */
export async function planMappings(
  copy: InstanceCopy,
  mappings: readonly PathMapping[],
  options: MappingOptions = { words: false },
): Promise<MappingReport> {
  const wanted = withRealPlaces(mappings, copy.roots);
  if (wanted.length === 0) return { rewritten: [], left: [], remaining: [] };
  const journey = await journeyThrough(copy, wanted, options);
  return { ...(await goThrough(journey, "plan", "count")), remaining: [] };
}

/** What all passes have in common. */
interface Journey extends MappingOptions {
  copy: InstanceCopy;
  mappings: readonly PathMapping[];
  known: Known;
}

/** What is found under digests of paths, and which scripts are called, has to be known first. */
async function journeyThrough(
  copy: InstanceCopy,
  mappings: readonly PathMapping[],
  options: MappingOptions,
): Promise<Journey> {
  const journey = { copy, mappings, known: await knownOf(copy), ...options };
  await goThrough(journey, "plan", "skip");
  await followScripts(copy, journey.known);
  return journey;
}

/** @param words what is done with those that nobody wants to have rewritten */
async function goThrough(
  { copy, mappings, known, signal, words: wanted }: Journey,
  stage: Pass["stage"],
  words: "count" | "skip",
): Promise<Pick<MappingReport, "rewritten" | "left">> {
  const tally = new Tally();
  const matcher = new PathMatcher(mappings, { isDone: stage === "prove" });
  const pass: Pass = {
    copy,
    matcher,
    words: wanted ? "rewrite" : words,
    stage,
    tally,
    known,
    signal,
  };
  const seen = new Set<string>();
  for await (const entry of entriesOf(copy)) {
    signal?.throwIfAborted();
    if (entry.isLink) await mapLink(entry, pass);
    else if (!(await isSeen(entry.at, seen))) {
      if (isDatabase(entry.at)) mapDatabase(entry.path, entry.at, pass);
      else await mapFile(entry, pass);
    }
  }
  return tally.report();
}

/** A file with several names is rewritten once. */
async function isSeen(at: string, seen: Set<string>): Promise<boolean> {
  const { nlink, dev, ino } = await stat(at);
  if (nlink < 2) return false;
  const id = `${dev}:${ino}`;
  return seen.has(id) || (seen.add(id), false);
}

async function mapLink({ path, at }: { path: string; at: string }, pass: Pass): Promise<void> {
  const target = await readlink(at);
  const { mappings } = pass.matcher;
  const moved = movedTarget(path, target, mappings);
  // After the writing every link that leads to a new place does so rightly.
  if (moved === target || pass.stage === "prove") return;
  pass.tally.rewritten(path, "symlink", new Map([["", 1]]));
  if (pass.stage === "write") await replaceLink(at, moved);
}

async function knownOf(copy: InstanceCopy): Promise<Known> {
  const { stateDir, home, configPath, roots } = copy;
  const place = await placeInCopy(copy, join(stateDir, "agents"));
  const agents = place === undefined ? [] : await readdir(place).catch(() => []);
  const configured = roots.flatMap(({ agentId, nested }) => [
    ...(agentId === undefined ? [] : [agentId]),
    ...nested.flatMap((inner) => inner.agentId ?? []),
  ]);
  const places = roots.flatMap((root) => [
    root.path,
    root.realPath,
    ...root.nested.map(({ path }) => join(root.realPath, path)),
  ]);
  return {
    paths: new Set([stateDir, home, ...(configPath === undefined ? [] : [configPath]), ...places]),
    agentIds: [...new Set([...agents, ...configured])],
    named: new Set(),
  };
}
