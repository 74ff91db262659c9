import { compileGlob, matchesGlob } from "./glob.ts";
import type { Glob } from "./glob.ts";
import { AGENT_DIR_RULES, NESTED_SCOPES, STATE_RULES, WORKSPACE_RULES } from "./rules.ts";
import type { Component, Pain, Rule, Scope } from "./rules.ts";

export interface Classification {
  component: Component;
  pain: Pain;
  secret: boolean;
  /** Why it is not captured; undefined for all that is. */
  leaveOut: string | undefined;
}

/** A file or directory that belongs to the instance by name, within a scope. */
export interface NestedScope {
  /** Relative to the outer scope's directory, with `/`. */
  path: string;
  /** Undefined: no rules, all of it is of the one component. */
  scope: Scope | undefined;
  component: Component;
  secret: boolean;
}

/** Whether a name lies in the same directory as the path in question. */
export type HasSibling = (name: string) => boolean;

const UNKNOWN: Classification = {
  component: "other",
  pain: "irreplaceable",
  secret: false,
  leaveOut: undefined,
};

const DIRECTORY_OF: Record<Scope, Classification> = {
  state: UNKNOWN,
  workspace: { ...UNKNOWN, component: "workspace" },
  agentDir: { ...UNKNOWN, component: "database" },
};

const RULES: Record<Scope, RuleSet> = {
  state: ruleSet(STATE_RULES),
  workspace: ruleSet(WORKSPACE_RULES),
  agentDir: ruleSet(AGENT_DIR_RULES),
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
  for (const inner of nested) {
    const isBelow = path.startsWith(`${inner.path}/`);
    if (path === inner.path || (isBelow && inner.scope === undefined)) {
      return { ...UNKNOWN, component: inner.component, secret: inner.secret };
    }
    if (isBelow && inner.scope !== undefined) {
      const rest = path.slice(inner.path.length + 1);
      return classify(inner.scope, rest, isDirectory, hasSibling, within(nested, inner.path));
    }
  }
  const found = classifyByRules(scope, path.split("/"), isDirectory, hasSibling);
  const leadsToNested =
    found.leaveOut !== undefined && nested.some((inner) => inner.path.startsWith(`${path}/`));
  return leadsToNested ? { ...found, leaveOut: undefined } : found;
}

function classifyByRules(
  scope: Scope,
  segments: readonly string[],
  isDirectory: boolean,
  hasSibling: HasSibling,
): Classification {
  for (const inner of scope === "state" ? DEFAULT_NESTED : []) {
    if (!matchesGlob(inner.glob, segments.slice(0, inner.depth))) continue;
    const rest = segments.slice(inner.depth);
    if (rest.length === 0) return DIRECTORY_OF[inner.scope];
    return classifyByRules(inner.scope, rest, isDirectory, hasSibling);
  }
  for (const { glob, directory, rule, classification } of candidates(scope, segments)) {
    if (!matchesGlob(glob, segments)) continue;
    // `tools/**` speaks of a directory; a file or link of that name is somebody's own.
    if (!isDirectory && rule.leaveOut !== undefined && directory !== undefined) {
      if (matchesGlob(directory, segments)) continue;
    }
    if (rule.beside !== undefined && !(isDirectory && hasSibling(rule.beside))) continue;
    return classification;
  }
  return UNKNOWN;
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
  const { component, pain, leaveOut } = rule;
  return rule.patterns.map((pattern) => ({
    rule,
    glob: compileGlob(pattern),
    directory: pattern.endsWith("/**") ? compileGlob(pattern.slice(0, -3)) : undefined,
    classification: { component, pain, secret: rule.secret ?? false, leaveOut },
  }));
}

function within(nested: readonly NestedScope[], outer: string): NestedScope[] {
  return nested
    .filter((inner) => inner.path.startsWith(`${outer}/`))
    .map((inner) => ({ ...inner, path: inner.path.slice(outer.length + 1) }));
}
