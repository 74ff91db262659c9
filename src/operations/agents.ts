import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { ClawbackError } from "../errors.ts";
import { agentAt } from "./root-index.ts";
import type { Survey } from "./survey.ts";

/** @throws E_USAGE naming the agents there are */
export async function checkAgents(ids: readonly string[], survey: Survey): Promise<string[]> {
  if (ids.length > 0) refuseUnknownAgents(ids, await agentsOf(survey));
  return [...ids];
}

/** @throws E_USAGE naming the agents there are */
export function refuseUnknownAgents(ids: readonly string[], known: ReadonlySet<string>): void {
  const unknown = ids.find((id) => !known.has(id));
  if (unknown === undefined) return;
  throw new ClawbackError("E_USAGE", `there is no agent ${JSON.stringify(unknown)}`, {
    hint: known.size > 0 ? `the agents are: ${[...known].sort().join(", ")}` : "leave out --agent",
  });
}

/** Those that are configured, and those that have left something. */
async function agentsOf({ instance, config, roots }: Survey): Promise<Set<string>> {
  const directory = join(instance.stateDir, "agents");
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
  const [state] = roots;
  const named = [
    ...config.agents,
    ...entries.filter((entry) => !entry.isFile()).map(({ name }) => name),
    ...roots.flatMap(({ agentId, nested }) => [agentId, ...nested.map((each) => each.agentId)]),
    // The one that the usual workspace belongs to, though it may never have run.
    state && agentAt({ root: state, relative: "workspace" }),
  ];
  return new Set(named.filter((id) => id !== undefined));
}
