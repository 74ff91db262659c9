import { stat } from "node:fs/promises";
import { dirname, isAbsolute, join, normalize, resolve } from "node:path";
import type { Reference, ReferenceKind } from "./config-references.ts";
import type { Problem } from "./config-tree.ts";
import { substitute } from "./config-variables.ts";
import type { Variables } from "./config-variables.ts";
import type { Instance } from "./find-instance.ts";
import { expandTilde, isWithin } from "./user-paths.ts";

/** A path that the configuration names, resolved. */
export interface ConfigPath {
  kind: ReferenceKind;
  /** Absolute. */
  path: string;
  /** Where in the configuration. */
  at: string;
  agentId?: string;
  exists: boolean;
}

export interface Resolving {
  instance: Instance;
  /** The configuration's. */
  path: string;
  variables: Variables;
  /** What cannot be resolved is added here. */
  problems: Problem[];
}

/** Each once, whatever names it twice. */
export async function resolvePaths(
  references: readonly Reference[],
  context: Resolving,
): Promise<ConfigPath[]> {
  const found = new Map<string, ConfigPath>();
  for (const reference of references) {
    const resolved = await resolveOne(reference, context);
    if (resolved === undefined) continue;
    const key = JSON.stringify([resolved.kind, resolved.path, resolved.agentId]);
    if (!found.has(key)) found.set(key, resolved);
  }
  return [...found.values()];
}

async function resolveOne(
  { written, ...reference }: Reference,
  { instance, path, variables, problems }: Resolving,
): Promise<ConfigPath | undefined> {
  const { text, missing } = substitute(written, variables);
  if (missing.length > 0) {
    const message = `Unresolved reference: ${missing.join(", ")} has no value here.`;
    problems.push({ path: reference.at, message });
    return undefined;
  }
  const expanded = expandTilde(withoutTemplate(text, reference.kind), instance.home);
  const bases = isAbsolute(expanded) ? ["/"] : [dirname(path), instance.stateDir, instance.home];
  const candidates = bases.map((base) => normalize(resolve(base, expanded)));
  for (const candidate of candidates) {
    if (await exists(candidate)) return { ...reference, path: candidate, exists: true };
  }
  const named = candidates[0] ?? expanded;
  const here = await elsewhereInState(named, reference.kind, instance);
  if (here === undefined) return { ...reference, path: named, exists: false };
  return { ...reference, path: here, exists: await exists(here) };
}

/** How state directories are called. */
const STATE_NAME = /^\.(?:openclaw(?:-[\w-]+)?|clawdbot)$/;

/**
 * The configuration in a container's volume, or of a machine that is gone, names paths below a
 * state directory that is not here under that name. What lies at the same place below this one is
 * meant. The directory of an agent that never ran need not be there.
 */
async function elsewhereInState(
  path: string,
  kind: ReferenceKind,
  { stateDir }: Instance,
): Promise<string | undefined> {
  const names = path.split("/");
  const at = names.findIndex((name) => STATE_NAME.test(name));
  if (at < 0 || isWithin(path, stateDir)) return undefined;
  const here = join(stateDir, ...names.slice(at + 1));
  if (await exists(here)) return here;
  const foreign = names.slice(0, at + 1).join("/");
  return kind === "agentDir" && !(await exists(foreign)) ? here : undefined;
}

/** `…/{agentId}/sessions.json` stands for many files: what they have in common is the directory. */
function withoutTemplate(text: string, kind: ReferenceKind): string {
  const at = text.indexOf("{agentId}");
  if (at >= 0) return text.slice(0, text.lastIndexOf("/", at)) || "/";
  return kind === "sessions" && text.endsWith(".json") ? dirname(text) : text;
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
