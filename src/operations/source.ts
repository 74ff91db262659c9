import { isDeepStrictEqual } from "node:util";
import { CRON_COLUMNS, cronTexts } from "../openclaw/cron-jobs.ts";
import { isSystemPlace } from "../openclaw/system-places.ts";
import type { CallingText } from "../openclaw/scripts.ts";
import type { CaptureSite } from "./capture-site.ts";
import type { OperationContext } from "./context.ts";
import type { Exclusion } from "./documents.ts";
import { type Discovery, discover } from "./discovery.ts";
import { type Excludes, excludesOf } from "./given-patterns.ts";
import { reasonAgainst } from "./repository-place.ts";
import { RootIndex } from "./root-index.ts";
import { type Selection, selectionOf, type Wanted } from "./selection.ts";
import { extendSurvey, linksOnTheWay, pathsToWalk, type Survey } from "./survey.ts";

/** All that a backup reads, found and not yet read. */
export interface BackupSource {
  survey: Survey;
  wanted: Wanted;
  /** The patterns that a person gave. */
  excludes: Excludes;
  roots: RootIndex;
  paths: Buffer[];
  selection: Selection;
  discovery: Discovery;
}

/** A linked directory may hold a link that leads on; after so many it stays a link. */
const MAX_ROUNDS = 4;
/** More than a person makes; each costs a look at every path. */
const MAX_LINKS = 500;
/** A look at what cron jobs call; a database that takes longer is large for other reasons. */
const LOOK_MS = 2000;

/**
 * Finds what belongs to an instance by looking: what cron jobs call is read from their database,
 * links that lead out are followed, and what is found that way is looked through in turn.
 *
 * @param exclude patterns of the command line
 * @throws E_INTERRUPTED, E_USAGE (an agent that is none)
 */
export async function openSource(
  context: OperationContext,
  survey: Survey,
  site: CaptureSite,
  { exclude, ...wanted }: Wanted & { exclude: readonly string[] },
): Promise<BackupSource> {
  const excludes = excludesOf(context, exclude);
  let known = survey;
  const texts = new Map<string, CallingText[]>();
  // A link that is followed leads to something that is taken from then on, and is found no more.
  const links = new Map<string, Discovery["links"][number]>();
  for (let round = 1; ; round++) {
    const roots = new RootIndex(known.roots);
    const selection = selectionOf(roots, { ...wanted, exclude: excludes });
    const paths = await pathsToWalk(known.roots);
    const discovery = await discover(paths, roots, selection.select, context.signal);
    await readCronJobs(discovery, roots, site, texts);
    for (const link of discovery.links) links.set(link.path, link);
    const { followed, left } = await sortLinks(context, [...links.values()]);
    const found = { texts: [...texts.values()].flat(), links: followed };
    const next = await extendSurvey(context, known, found);
    if (round === MAX_ROUNDS || isDeepStrictEqual(next.roots, known.roots)) {
      paths.push(...(await linksBetween(discovery.detours, roots)));
      const unseen = next.roots.filter(({ realPath }) => roots.locate(realPath) === undefined);
      left.push(
        ...unseen.map(({ path }) => leftAs(path, "it lies behind too many links in a row")),
      );
      const complete = { ...next, roots: known.roots, left: [...next.left, ...left] };
      return { survey: complete, wanted, excludes, roots, paths, selection, discovery };
    }
    known = next;
  }
}

/** Those that may be followed, and the rest. */
async function sortLinks(
  context: OperationContext,
  links: Discovery["links"],
): Promise<{ followed: Discovery["links"]; left: Exclusion[] }> {
  const followed: Discovery["links"] = [];
  const left: Exclusion[] = [];
  for (const link of links) {
    const reason =
      followed.length < MAX_LINKS
        ? await reasonAgainst(context, link.target)
        : `only ${MAX_LINKS} links are followed`;
    if (reason === undefined) followed.push(link);
    else left.push(leftAs(link.path, reason));
  }
  return { followed, left };
}

function leftAs(path: string, reason: string): Exclusion {
  return { path, reason, files: 0, bytes: 0 };
}

/** The links outside of everything that others go through; not those that every system has. */
async function linksBetween(detours: readonly string[], roots: RootIndex): Promise<Buffer[]> {
  const between = new Set<string>();
  for (const detour of detours) {
    for (const link of await linksOnTheWay(detour)) {
      if (roots.locate(link) === undefined && !isSystemPlace(link, "/")) between.add(link);
    }
  }
  return [...between].map((link) => Buffer.from(link));
}

/**
 * Read live, without a copy; a database that cannot be read is told of when it is taken.
 *
 * @param texts by database; those in it are not read again
 */
async function readCronJobs(
  { databases }: Discovery,
  roots: RootIndex,
  { capturer }: CaptureSite,
  texts: Map<string, CallingText[]>,
): Promise<void> {
  for (const [path] of databases) {
    if (path === undefined || texts.has(path.toString())) continue;
    const { component, holds = [] } = roots.classify(path.toString(), false) ?? {};
    if (component !== "cron" && !holds.includes("cron")) continue;
    const wanted = { columns: [...CRON_COLUMNS], budgetMs: LOOK_MS };
    const look = await capturer.look(path, wanted).catch(() => undefined);
    texts.set(
      path.toString(),
      (look?.texts ?? []).flatMap((text) => cronTexts(text)),
    );
  }
}
