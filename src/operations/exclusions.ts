import type { Classification } from "../openclaw/classify.ts";
import {
  combine,
  parsePatterns,
  type PatternSet,
  reopening,
  verdictOn,
} from "./exclude-patterns.ts";
import { type Excludes, type GivenPatterns, givenPatterns } from "./given-patterns.ts";
import { IGNORE_FILE, readIgnoreFile } from "./ignore-file.ts";
import { type Kept, parentOf, requiredBelow } from "./required-below.ts";
import type { KnownRoot } from "./root-index.ts";

/** Something that a backup may take. */
export interface Entry {
  root: KnownRoot;
  /** Relative to the root's top, as latin1; empty for the root itself. */
  path: string;
  isDirectory: boolean;
  found: Classification;
}

/** What differs in a directory from the one around it. */
interface Opening {
  /** It is excluded, and entered for what is taken all the same. */
  closed?: { reason: string; kept: Kept };
  /** It lies in an excluded directory, and is taken since the configuration names it. */
  named?: true;
  /** Patterns bring it back although a rule leaves it out. */
  broughtBack?: true;
}

/** A directory with the patterns that apply in it. */
interface Place {
  root: KnownRoot;
  path: string;
  closed: Opening["closed"] | undefined;
  broughtBack: boolean;
  /** Later ones overrule earlier ones; those of the command line are not among them. */
  sets: readonly PatternSet[];
  reopened: readonly PatternSet[];
  /** All of them; undefined: there are none. */
  patterns: PatternSet | undefined;
}

/**
 * What a backup leaves out, by the rules and by what a person says: the settings, the
 * `.clawbackignore` files, the command line, from the weakest up. Meant for walks from the top:
 * what lies in a directory is judged after the directory itself.
 */
export class Exclusions {
  readonly #roots: readonly KnownRoot[];
  readonly #excludes: Excludes;
  readonly #given = new Map<KnownRoot, GivenPatterns>();
  /** Read once, so that all walks of a backup go by the same words. */
  readonly #ignoreFiles = new Map<string, PatternSet | undefined>();
  readonly #openings = new Map<string, Opening>();
  /** The directory judged last and those around it, from the root down. */
  #chain: Place[] = [];
  readonly #warnings = new Set<string>();

  constructor(roots: readonly KnownRoot[], excludes: Excludes) {
    this.#roots = roots;
    this.#excludes = excludes;
  }

  /** What was taken although it is excluded; patterns and files that could not be applied. */
  warnings(): string[] {
    return [...this.#warnings];
  }

  /** Why it is left out; undefined: it is taken. */
  judge(entry: Entry): string | undefined {
    const { root, path, isDirectory, found } = entry;
    if (path === "") return this.#judgeRoot(entry);
    const place = this.#placeOf(root, parentOf(path));
    if (place.closed !== undefined) return this.#judgeWithin(place, place.closed, entry);
    if (!isDirectory && `/${path}`.endsWith(`/${IGNORE_FILE}`)) return undefined;
    const verdict = place.patterns && verdictOn(place.patterns, path, isDirectory);
    if (found.leaveOut !== undefined && !(place.broughtBack && !found.machineBound)) {
      if (found.machineBound || verdict?.broughtBack !== true) return found.leaveOut;
      if (isDirectory) this.#open(entry, { broughtBack: true });
      return undefined;
    }
    const by = verdict?.excludedBy;
    return by === undefined ? undefined : this.#exclude(entry, reasonOf(by));
  }

  #judgeRoot(entry: Entry): string | undefined {
    const { root, isDirectory } = entry;
    const { settings, flags, wholeRoot, aboveRoot } = this.#givenFor(root);
    if (wholeRoot !== undefined) return this.#exclude(entry, reasonOf(wholeRoot));
    if (aboveRoot !== undefined) this.#keepNamed(entry, reasonOf(aboveRoot));
    if (isDirectory) return undefined;
    const name = Buffer.from(root.realPath).toString("latin1").split("/").at(-1) ?? "";
    const sets = [settings, flags].filter((set) => set !== undefined);
    const by = verdictOn(combine(sets), name, false).excludedBy;
    return by === undefined ? undefined : this.#exclude(entry, reasonOf(by));
  }

  /** In a directory that is excluded. */
  #judgeWithin(
    place: Place,
    { reason, kept }: NonNullable<Opening["closed"]>,
    entry: Entry,
  ): string | undefined {
    const { path, isDirectory } = entry;
    const why = kept.get(path);
    if (why === undefined) return reason;
    if (why === "required") this.#keepRequired(entry, reason);
    if (why !== "named") return undefined;
    const patterns = this.#combined(place, [reopening(path, false)]);
    const by = patterns && verdictOn(patterns, path, isDirectory).excludedBy;
    if (by !== undefined) return this.#exclude(entry, reasonOf(by));
    this.#keepNamed(entry, reason);
    if (isDirectory) this.#open(entry, { named: true });
    return undefined;
  }

  #exclude(entry: Entry, reason: string): string | undefined {
    if (!entry.isDirectory) {
      if (!entry.found.required) return reason;
      this.#keepRequired(entry, reason);
      return undefined;
    }
    const kept = requiredBelow(entry.root, entry.path);
    if (kept.size === 0) return reason;
    this.#open(entry, { closed: { reason, kept } });
    return undefined;
  }

  #keepRequired({ root, path }: Entry, reason: string): void {
    const why = "the instance is not itself without it";
    this.#warnings.add(`${fullPath(root, path)}: taken all the same, ${why} (${reason})`);
  }

  #keepNamed({ root, path }: Entry, reason: string): void {
    const why = "it is named as a part of the instance; a pattern for just this path excludes it";
    this.#warnings.add(`${fullPath(root, path)}: taken all the same, ${why} (${reason})`);
  }

  #open({ root, path }: Entry, opening: Opening): void {
    this.#openings.set(keyOf(root, path), opening);
  }

  #placeOf(root: KnownRoot, path: string): Place {
    const chain = this.#chain;
    if (chain.at(-1)?.root !== root) chain.length = 0;
    while (chain.length > 0 && !isAtOrBelow(path, chain.at(-1)?.path ?? "")) chain.pop();
    let place = chain.at(-1);
    while (place?.path !== path) {
      place = this.#enter(root, place, path);
      chain.push(place);
    }
    return place;
  }

  /** The place of the next directory on the way from `outer` to `path`. */
  #enter(root: KnownRoot, outer: Place | undefined, path: string): Place {
    const inner = outer === undefined ? "" : nextOnTheWay(outer.path, path);
    const opening = this.#openings.get(keyOf(root, inner));
    const closed = opening?.named ? undefined : (opening?.closed ?? outer?.closed);
    const reopened = opening?.named ? [reopening(inner, true)] : (outer?.reopened ?? []);
    const { settings } = this.#givenFor(root);
    const own = closed === undefined ? this.#patternsIn(root, inner) : undefined;
    const place = {
      root,
      path: inner,
      closed,
      broughtBack: opening?.broughtBack ?? outer?.broughtBack ?? false,
      sets: [...(outer?.sets ?? (settings ? [settings] : [])), ...(own ? [own] : [])],
      reopened,
      patterns: undefined,
    };
    return { ...place, patterns: this.#combined(place, reopened) };
  }

  #combined(place: Place, reopened: readonly PatternSet[]): PatternSet | undefined {
    const { flags } = this.#givenFor(place.root);
    const sets = [...place.sets, ...(flags ? [flags] : [])];
    return sets.length === 0 ? undefined : combine([...sets, ...reopened]);
  }

  #givenFor(root: KnownRoot): GivenPatterns {
    let given = this.#given.get(root);
    if (given === undefined) {
      given = givenPatterns(this.#excludes, root, this.#roots, (m) => this.#warnings.add(m));
      this.#given.set(root, given);
    }
    return given;
  }

  #patternsIn(root: KnownRoot, path: string): PatternSet | undefined {
    const key = keyOf(root, path);
    if (this.#ignoreFiles.has(key)) return this.#ignoreFiles.get(key);
    const dir = path === "" ? root.realPath : fullPath(root, path);
    const file = readIgnoreFile(
      rawPath(root, path === "" ? IGNORE_FILE : `${path}/${IGNORE_FILE}`),
    );
    if (file === undefined) return undefined;
    const from = `${IGNORE_FILE} in ${nameOf(root, path)}`;
    if ("problem" in file)
      this.#warnings.add(`${dir}/${IGNORE_FILE}: not applied: ${file.problem}`);
    const warn = (message: string) => this.#warnings.add(message);
    const patterns = "lines" in file ? parsePatterns(file.lines, path, from, warn) : undefined;
    this.#ignoreFiles.set(key, patterns);
    return patterns;
  }
}

function reasonOf(by: string): string {
  return `excluded by ${by}`;
}

/** What a person knows a directory by. */
function nameOf(root: KnownRoot, path: string): string {
  if (path === "") return root.kind === "state" ? "the state directory" : root.path;
  const relative = Buffer.from(path, "latin1").toString();
  return root.kind === "state" ? relative : `${root.path}/${relative}`;
}

function fullPath(root: KnownRoot, path: string): string {
  return path === "" ? root.realPath : rawPath(root, path).toString();
}

function rawPath(root: KnownRoot, path: string): Buffer {
  return Buffer.concat([Buffer.from(`${root.realPath}/`), Buffer.from(path, "latin1")]);
}

function keyOf(root: KnownRoot, path: string): string {
  return `${root.realPath}\0${path}`;
}

function isAtOrBelow(path: string, outer: string): boolean {
  return outer === "" || path === outer || path.startsWith(`${outer}/`);
}

function nextOnTheWay(outer: string, path: string): string {
  const start = outer === "" ? 0 : outer.length + 1;
  const end = path.indexOf("/", start);
  return end < 0 ? path : path.slice(0, end);
}
