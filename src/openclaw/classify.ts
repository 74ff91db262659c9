import { compileGlob, matchesGlob } from "./glob.ts";
import type { Glob } from "./glob.ts";
import { KINDS } from "./root-kinds.ts";
import type { KindFacts, RootKind } from "./root-kinds.ts";
import type { Component, ContentFormat, Pain, Rule, Scope } from "./rules.ts";
import { STATE_RULES } from "./state-rules.ts";
import {
  AGENT_DIR_RULES,
  NESTED_SCOPES,
  SESSION_RULES,
  SIGNAL_RULES,
  WHATSAPP_RULES,
  WORKSPACE_RULES,
} from "./tree-rules.ts";

export interface Classification {
  component: Component;
  pain: Pain;
  secret: boolean;
  /** Why it is not captured; undefined for all that is. */
  leaveOut: string | undefined;
  /** Of use on this machine only. */
  machineBound: boolean;
  /** The instance is not itself without it: no exclude can drop it. */
  required: boolean;
  /** Further components that live in this database. */
  holds: readonly Component[];
  /** What it must parse as, else it is damaged. */
  content: ContentFormat | undefined;
}

/** A file or directory that belongs to the instance by name, within a scope. */
export interface NestedScope {
  /** Relative to the outer scope's directory, with `/`. */
  path: string;
  /** Undefined: no rules, all of it is of the one component. */
  scope: Scope | undefined;
  component: Component;
  secret: boolean;
  /** Manifests of Clawback 0.1 do not have it. */
  kind?: RootKind;
  /** Whose it is. */
  agentId?: string;
}

/** Whether a name lies in the same directory as the path in question. */
export type HasSibling = (name: string) => boolean;

/** The innermost place that a path lies in. */
export interface Place {
  /** Undefined: no rules, all of it is one thing. */
  scope: Scope | undefined;
  /** Relative to where the place begins, with `/`; empty there. */
  rest: string;
  /** What the configuration says of the place; undefined where it says nothing. */
  named: NestedScope | undefined;
}

const UNKNOWN: Classification = {
  component: "other",
  pain: "irreplaceable",
  secret: false,
  leaveOut: undefined,
  machineBound: false,
  required: false,
  holds: [],
  content: undefined,
};

const RULES: Record<Scope, RuleSet> = {
  state: ruleSet(STATE_RULES),
  workspace: ruleSet(WORKSPACE_RULES),
  agentDir: ruleSet(AGENT_DIR_RULES),
  sessions: ruleSet(SESSION_RULES),
  whatsapp: ruleSet(WHATSAPP_RULES),
  signal: ruleSet(SIGNAL_RULES),
};

const DEFAULT_NESTED = NESTED_SCOPES.map(({ pattern, scope }) => ({
  glob: compileGlob(pattern),
  depth: pattern.split("/").length,
  scope,
}));

/**
 * Says what a path is. Meant for a walk from the top that does not enter what is left out: only
 * the directory itself carries the reason where a rule names no more than that.
 *
 * @param path relative to the scope's directory, with `/`, not empty
 * @param hasSibling without it, what is rebuildable only beside a certain file is captured
 * @param nested what the configuration places in here; it overrules every rule, and what leads
 *   there is never left out
 */
export function classify(
  scope: Scope,
  path: string,
  isDirectory: boolean,
  hasSibling: HasSibling = () => false,
  nested: readonly NestedScope[] = [],
): Classification {
  const place = placeOf(scope, path, nested);
  if (place.scope === undefined || place.rest === "") {
    return place.named === undefined
      ? classifyKind(place.scope === "workspace" ? "workspace" : "agentDir", isDirectory)
      : classifyNamed(place.named, isDirectory || place.rest !== "");
  }
  const found = ruleFor(place, isDirectory, hasSibling)?.classification ?? UNKNOWN;
  const here = isDirectory ? withoutContent(found) : found;
  const leadsToNested =
    here.leaveOut !== undefined && nested.some((inner) => inner.path.startsWith(`${path}/`));
  return leadsToNested ? { ...here, leaveOut: undefined } : here;
}

/** What a whole tree or a file of its own is. */
export function classifyNamed(
  { kind, component, secret }: Pick<NestedScope, "kind" | "component" | "secret">,
  isDirectory: boolean,
): Classification {
  const facts = kind === undefined ? UNKNOWN : classifyKind(kind, isDirectory);
  return { ...facts, component, secret };
}

function classifyKind(kind: RootKind, isDirectory: boolean): Classification {
  const facts: KindFacts = KINDS[kind];
  return {
    ...UNKNOWN,
    component: facts.component,
    secret: facts.secret ?? false,
    required: facts.required ?? false,
    machineBound: facts.machineBound ?? false,
    content: isDirectory ? undefined : facts.content,
  };
}

function withoutContent(found: Classification): Classification {
  return found.content === undefined ? found : { ...found, content: undefined };
}

/** Which place a path lies in: one that the configuration names, or one of OpenClaw's own. */
export function placeOf(
  scope: Scope | undefined,
  path: string,
  nested: readonly NestedScope[],
): Place {
  const named = nested.find((inner) => path === inner.path || path.startsWith(`${inner.path}/`));
  if (named !== undefined) {
    const rest = path.slice(named.path.length + 1);
    if (rest === "" || named.scope === undefined) return { scope: named.scope, rest, named };
    const place = placeOf(named.scope, rest, within(nested, named.path));
    return { ...place, named: place.named ?? named };
  }
  const segments = path.split("/");
  for (const inner of scope === "state" ? DEFAULT_NESTED : []) {
    if (!matchesGlob(inner.glob, segments.slice(0, inner.depth))) continue;
    return { scope: inner.scope, rest: segments.slice(inner.depth).join("/"), named: undefined };
  }
  return { scope, rest: path, named: undefined };
}

/** What a directory is whose files belong together; undefined for any other. */
export function setAt({ scope, rest, named }: Place): string | undefined {
  if (rest === "") return named?.kind && KINDS[named.kind].set;
  if (scope === undefined) return undefined;
  const segments = rest.split("/");
  const isSet = ({ rule, directory }: CompiledRule) =>
    rule.set !== undefined && directory !== undefined && matchesGlob(directory, segments);
  return candidates(scope, segments).find(isSet)?.rule.set;
}

function ruleFor(
  { scope, rest }: Place,
  isDirectory: boolean,
  hasSibling: HasSibling,
): CompiledRule | undefined {
  const segments = rest.split("/");
  return candidates(scope ?? "state", segments).find(({ glob, directory, rule }) => {
    if (!matchesGlob(glob, segments)) return false;
    // `tools/**` speaks of a directory; a file or link of that name is somebody's own.
    if (!isDirectory && rule.leaveOut !== undefined && directory !== undefined) {
      if (matchesGlob(directory, segments)) return false;
    }
    return rule.beside === undefined || (isDirectory && hasSibling(rule.beside));
  });
}

interface CompiledRule {
  rule: Rule;
  glob: Glob;
  /** The directory that a pattern with `/**` at its end names. */
  directory: Glob | undefined;
  classification: Classification;
}

/** The rules by the first segment of a path: of a hundred, a handful comes into question. */
interface RuleSet {
  byFirstName: Map<string, CompiledRule[]>;
  forAnyOther: CompiledRule[];
}

function ruleSet(rules: readonly Rule[]): RuleSet {
  const compiled = rules.flatMap(compile);
  const firstNames = (rule: CompiledRule) => rule.glob.alternatives.map(([first = ""]) => first);
  const isOpen = (rule: CompiledRule) => firstNames(rule).some((name) => /[*?]/.test(name));
  const names = new Set(compiled.flatMap(firstNames).filter((name) => !/[*?]/.test(name)));
  const applying = (name: string) =>
    compiled.filter((rule) => isOpen(rule) || firstNames(rule).includes(name));
  return {
    byFirstName: new Map([...names].map((name) => [name, applying(name)])),
    forAnyOther: compiled.filter(isOpen),
  };
}

function candidates(scope: Scope, [first = ""]: readonly string[]): CompiledRule[] {
  const { byFirstName, forAnyOther } = RULES[scope];
  return byFirstName.get(first) ?? forAnyOther;
}

function compile(rule: Rule): CompiledRule[] {
  const { component, pain, leaveOut, content, holds = [] } = rule;
  const classification = {
    component,
    pain,
    secret: rule.secret ?? false,
    leaveOut,
    machineBound: rule.machineBound ?? false,
    required: rule.required ?? false,
    holds,
    content,
  };
  return rule.patterns.map((pattern) => ({
    rule,
    glob: compileGlob(pattern),
    directory: pattern.endsWith("/**") ? compileGlob(pattern.slice(0, -3)) : undefined,
    classification,
  }));
}

function within(nested: readonly NestedScope[], outer: string): NestedScope[] {
  return nested
    .filter((inner) => inner.path.startsWith(`${outer}/`))
    .map((inner) => ({ ...inner, path: inner.path.slice(outer.length + 1) }));
}
