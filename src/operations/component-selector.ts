import { ClawbackError } from "../errors.ts";
import { COMPONENTS, type Component } from "../openclaw/rules.ts";
import type { Repository } from "../repository/repository.ts";
import type { TreeNode } from "../snapshot/node.ts";
import type { Snapshot } from "../snapshot/snapshots.ts";
import { refuseUnknownAgents } from "./agents.ts";
import { readManifest } from "./manifest.ts";
import { agentAt, classifyAt, RootIndex } from "./root-index.ts";
import { isWanted } from "./selection.ts";
import { SharedDatabases } from "./shared-databases.ts";

/** @throws E_USAGE naming the components there are */
export function checkComponents(names: readonly string[]): Component[] {
  for (const name of names) {
    if (!(COMPONENTS as readonly string[]).includes(name)) {
      throw new ClawbackError("E_USAGE", `there is no component ${JSON.stringify(name)}`, {
        hint: `the components are: ${COMPONENTS.join(", ")}`,
      });
    }
  }
  return names as Component[];
}

/** What of a snapshot's entries is wanted. */
export interface PartSelector {
  select: (path: Buffer, node: TreeNode) => "take" | "descend" | "skip";
  /**
   * Call it after every entry was asked about.
   *
   * @throws E_USAGE when an agent that was asked for has nothing in the snapshot
   */
  refuseUnknownAgents(): void;
  /** What else comes along. Complete after every entry was asked about. */
  notes(): string[];
}

/**
 * Tells a snapshot's entries of some components or agents from the others.
 *
 * @throws E_USAGE for an unknown component; E_NO_SNAPSHOT when the snapshot is none of ours
 */
export async function partSelector(
  repository: Repository,
  snapshot: Snapshot,
  names: { components: readonly string[]; agents: readonly string[] },
): Promise<PartSelector> {
  const wanted = { components: checkComponents(names.components), agents: names.agents };
  const manifest = await readManifest(repository, snapshot.tree);
  if (manifest === undefined) {
    throw new ClawbackError(
      "E_NO_SNAPSHOT",
      `snapshot ${snapshot.id.slice(0, 8)} has no manifest: its components and agents are not known`,
      { hint: "restore by path instead: --path <path>" },
    );
  }
  const roots = new RootIndex(manifest.roots);
  const shared = new SharedDatabases(wanted.components);
  const agents = new Set<string>();
  return {
    select(path, node) {
      const located = roots.locate(path.toString());
      const isDirectory = node.type === "dir";
      if (located === undefined) return isDirectory ? "descend" : "skip";
      const agent = agentAt(located);
      if (agent !== undefined) agents.add(agent);
      const found = classifyAt(located, isDirectory);
      if (!isWanted(wanted, located, found, isDirectory)) return "skip";
      if (isDirectory) return "descend";
      shared.add(located, found);
      return "take";
    },
    refuseUnknownAgents: () => refuseUnknownAgents(wanted.agents, agents),
    notes: () => shared.notes("restored"),
  };
}
