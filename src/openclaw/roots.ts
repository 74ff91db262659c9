import { lstat, realpath } from "node:fs/promises";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { callingTexts } from "./calling-texts.ts";
import { agentOfStatePath } from "./agents.ts";
import { classify, classifyNamed, placeOf, setAt } from "./classify.ts";
import type { Classification, HasSibling, NestedScope } from "./classify.ts";
import type { ConfigFacts } from "./config.ts";
import type { Problem } from "./config-tree.ts";
import type { Instance } from "./find-instance.ts";
import { outwardLink } from "./links.ts";
import type { FoundLink, TargetStatus } from "./links.ts";
import { candidate, rootCandidates } from "./root-candidates.ts";
import type { Candidate } from "./root-candidates.ts";
import { KINDS } from "./root-kinds.ts";
import type { RootKind } from "./root-kinds.ts";
import { isTooWide, locate, narrowed } from "./root-places.ts";
import type { Located } from "./root-places.ts";
import type { Component, Scope } from "./rules.ts";
import { findScripts } from "./scripts.ts";
import type { CallingText, LeftOut } from "./scripts.ts";
import { usualLinks } from "./usual-links.ts";
import { isWithin } from "./user-paths.ts";
import type { Surroundings } from "./user-paths.ts";

/** A tree, or a single file, that belongs to an instance. No root lies within another. */
export interface Root {
  kind: RootKind;
  /** Absolute, as it was named first; a part of it may be a symbolic link. */
  path: string;
  /** Where its bytes are. The same as `path` where no link is on the way. */
  realPath: string;
  /** Other names that lead to the same place. */
  alsoNamed: string[];
  isDirectory: boolean;
  component: Component;
  secret: boolean;
  agentId?: string;
  /** Where in its tree the link stands that leads here, such as `agents`. */
  statePath?: string;
  /** Which tree that is; the state directory's unless written. */
  tree?: Scope;
  /** Whose the places are that belong to no named agent. */
  defaultAgent?: string;
  /** Why it belongs to the instance: one clause. */
  why: string;
  /** What lies inside of it and is named all the same. */
  nested: NestedScope[];
}

export interface Roots {
  /** What is to be walked. The state directory comes first. */
  roots: Root[];
  /** What is named but not there, cannot be reached, or is too wide to be taken whole. */
  problems: Problem[];
  /** What something of the instance leads to or calls and is not taken, and why. Nothing is amiss. */
  left: LeftOut[];
}

/** What is known of an instance only after its databases and directories were looked at. */
export interface Discovered {
  /** What cron jobs in databases call: the columns that `CRON_COLUMNS` names. */
  texts?: readonly CallingText[];
  /** The links that leave what was walked. */
  links?: readonly FoundLink[];
}

/**
 * Where everything lies that a backup of the instance takes, inside its state and outside.
 *
 * @param discovered what a first walk of the roots has found; asked again with more, more is found
 */
export async function resolveRoots(
  instance: Instance,
  config: ConfigFacts,
  surroundings: Surroundings,
  discovered: Discovered = {},
): Promise<Roots> {
  const problems: Problem[] = [];
  const candidates = await rootCandidates(instance, config, surroundings);
  const { found, left } = await findScripts(
    await callingTexts(instance, config, discovered.texts ?? []),
    instance,
  );
  for (const { path, why, secret } of found) {
    candidates.push({ ...candidate("script", path, why, true), secret });
  }
  const located: Located[] = [];
  for (const one of candidates) {
    const place = await locate(one, instance, problems);
    if (place === undefined) continue;
    const { kind, realPath, isDirectory } = place;
    const mayBeWide = isDirectory && kind !== "state" && realPath !== instance.realStateDir;
    const isWide = mayBeWide && (await isTooWide(realPath, instance, surroundings));
    located.push(...(isWide ? await narrowed(place, instance, problems) : [place]));
  }
  left.push(...(await updateCaptures(instance)));
  const links = [...(await usualLinks(instance, config)), ...(discovered.links ?? [])];
  const roots = await follow(links, located, { instance, surroundings, left });
  return { roots, problems, left };
}

/** What an update puts aside while it runs (docs/cli/backup.md of OpenClaw's package). */
async function updateCaptures({ stateDir }: Instance): Promise<LeftOut[]> {
  const path = `${stateDir}.update-captures`;
  const reason = "OpenClaw's own copies from before an update; each update makes its own";
  return (await lstat(path).catch(() => undefined)) === undefined ? [] : [{ path, reason }];
}

/** Takes what links lead to, and what links in there lead to. */
async function follow(
  links: readonly FoundLink[],
  located: readonly Located[],
  context: { instance: Instance; surroundings: Surroundings; left: LeftOut[] },
): Promise<Root[]> {
  const { instance, surroundings, left } = context;
  const places = [...located];
  let roots = withoutNested(places);
  let waiting = await Promise.all(links.map(withRealPlace));
  for (;;) {
    const reached = waiting.flatMap((link) => {
      const root = roots.find(({ realPath }) => isWithin(link.path, realPath));
      return root === undefined ? [] : [{ link, linked: linkedFrom(root, link.path) }];
    });
    if (reached.length === 0) return roots;
    waiting = waiting.filter((link) => !reached.some((one) => one.link === link));
    for (const { link, linked } of reached) {
      if (linked === undefined) continue;
      const verdict = await outwardLink(link, instance, surroundings, statusIn(roots));
      const place = verdict.follow ? await locate(linked, instance, []) : undefined;
      if (place !== undefined) places.push(place);
      else if (verdict.follow) {
        left.push({ path: link.path, reason: "what it leads to cannot be found by its name" });
      }
      if (!verdict.follow && verdict.reason !== undefined) {
        left.push({ path: link.path, reason: verdict.reason });
      }
    }
    roots = withoutNested(places);
  }
}

/** A link by the name that its directory really has. */
async function withRealPlace({ path, target }: FoundLink): Promise<FoundLink> {
  const named = dirname(path);
  const real = await realpath(named).catch(() => named);
  return { path: join(real, basename(path)), target: resolve(real, target) };
}

/** What a link leads to is what the link would be if it were that itself. */
function linkedFrom(root: Root, path: string): Candidate | undefined {
  const below = relative(root.realPath, path).split(sep).join("/");
  const { component, secret, leaveOut } = classifyIn(root, below, true);
  if (leaveOut !== undefined || below === "") return undefined;
  const agentId = agentIn(root, below);
  const tree = treeOf(root, below);
  const place = placeOf(tree.scope, tree.path, tree.nested);
  // OpenClaw's own places begin by their names; a named place's rules begin at the place.
  const { scope, rest } =
    place.named === undefined ? { scope: tree.scope, rest: tree.path } : place;
  return {
    ...candidate(component === "skills" ? "skills" : "linked", path, `a link leads here: ${path}`),
    component,
    secret,
    optional: true,
    ...(scope !== undefined && { statePath: rest }),
    ...(scope !== undefined && scope !== "state" && { tree: scope }),
    ...(agentId !== undefined && { agentId }),
    ...(root.defaultAgent !== undefined && { defaultAgent: root.defaultAgent }),
  };
}

/** Says of a path whether it is taken already, or left out as a part of what is taken. */
function statusIn(roots: readonly Root[]): (realPath: string) => TargetStatus {
  return (realPath) => {
    const root = roots.find((one) => isWithin(realPath, one.realPath));
    if (root === undefined) return "outside";
    const reason = leftOutIn(root, relative(root.realPath, realPath).split(sep).join("/"));
    return reason === undefined ? "taken" : { leftOut: reason };
  };
}

/** Why a walk from the root would not reach a path. */
function leftOutIn(root: ClassifiedRoot, path: string): string | undefined {
  const names = path.split("/");
  for (let depth = 1; path !== "" && depth <= names.length; depth += 1) {
    const { leaveOut } = classifyIn(root, names.slice(0, depth).join("/"), true);
    if (leaveOut !== undefined) return leaveOut;
  }
  return undefined;
}

function withoutNested(located: readonly Located[]): Root[] {
  const roots: Root[] = [];
  // Outer ones first; among names of one place the first stays.
  const depth = ({ kind, realPath }: Located) => (kind === "state" ? 0 : realPath.length);
  for (const { optional: _, ...place } of located.toSorted((a, b) => depth(a) - depth(b))) {
    const outer = roots.find((root) => isWithin(place.realPath, root.realPath));
    if (outer === undefined) {
      roots.push({ ...place, alsoNamed: [], nested: [] });
    } else if (outer.realPath === place.realPath) {
      if (![outer.path, ...outer.alsoNamed].includes(place.path)) outer.alsoNamed.push(place.path);
    } else {
      const path = relative(outer.realPath, place.realPath).split(sep).join("/");
      if (outer.nested.some((inner) => inner.path === path)) continue;
      // Nothing has to be said of a script where it is taken anyway.
      if (place.kind === "script" && leftOutIn(outer, path) === undefined) continue;
      outer.nested.push(nestedFrom(place, path));
    }
  }
  return roots;
}

function nestedFrom(
  { kind, component, secret, agentId }: Omit<Located, "optional">,
  path: string,
): NestedScope {
  const { scope } = KINDS[kind];
  return { path, scope, component, secret, kind, ...(agentId !== undefined && { agentId }) };
}

/** What tells what lies below a root; a manifest keeps it. */
export type ClassifiedRoot = Pick<
  Root,
  "kind" | "component" | "secret" | "nested" | "statePath" | "tree" | "agentId" | "defaultAgent"
>;

/**
 * Says what a path below a root is; see `classify`.
 *
 * @param path relative to its `realPath`, with `/`; empty for the root itself
 */
export function classifyIn(
  root: ClassifiedRoot,
  path: string,
  isDirectory: boolean,
  hasSibling?: HasSibling,
): Classification {
  if (path === "" && root.statePath === undefined) return classifyNamed(root, isDirectory);
  const { scope, nested, ...tree } = treeOf(root, path);
  if (scope === undefined) return classifyNamed(root, true);
  const found = classify(scope, tree.path, isDirectory, hasSibling, nested);
  return path === "" ? { ...found, leaveOut: undefined } : found;
}

/** Which agent a path below a root belongs to; undefined for what is of all or of none. */
export function agentIn(root: ClassifiedRoot, path: string): string | undefined {
  const { scope, nested, ...tree } = treeOf(root, path);
  const named = placeOf(scope, tree.path, nested).named?.agentId;
  const usual = scope === "state" ? agentOfStatePath(tree.path, root.defaultAgent) : undefined;
  return named ?? usual ?? root.agentId;
}

/** What a directory is, in a person's words, if its files belong together; see `Rule.set`. */
export function setIn(root: ClassifiedRoot, path: string): string | undefined {
  if (path === "" && root.statePath === undefined) return KINDS[root.kind].set;
  const { scope, nested, ...tree } = treeOf(root, path);
  return setAt(placeOf(scope, tree.path, nested));
}

interface TreePath {
  scope: Scope | undefined;
  /** Relative to where the rules of the scope begin. */
  path: string;
  nested: readonly NestedScope[];
}

/** Where the rules see a path below a root. */
function treeOf({ kind, statePath, tree, nested }: ClassifiedRoot, path: string): TreePath {
  if (statePath === undefined) return { scope: KINDS[kind].scope, path, nested };
  const at = (below: string) => (below === "" ? statePath : `${statePath}/${below}`);
  const within = nested.map((inner) => ({ ...inner, path: at(inner.path) }));
  return { scope: tree ?? "state", path: at(path), nested: within };
}
