import { shortId } from "../repository/ids.ts";
import type { Repository } from "../repository/repository.ts";
import { posixMode, type NodeType, type TreeNode } from "../snapshot/node.ts";
import { parseTime } from "../snapshot/go-time.ts";
import { listSnapshots, type Snapshot } from "../snapshot/snapshots.ts";
import type { EntryDocument, SnapshotRef } from "./documents.ts";

/** Marks a snapshot that lacks something that belongs to it. The manifest in it names what. */
export const INCOMPLETE_TAG = "clawback:incomplete";
/** Marks a snapshot of a source that was damaged already. The manifest names what. */
export const DAMAGED_TAG = "clawback:damaged";
/** Marks a snapshot that only some components were asked for. */
const COMPONENT_TAG = "clawback:component=";
/** Marks a snapshot that only some agents were asked for. */
const AGENT_TAG = "clawback:agent=";

/** Marks what is no snapshot of an instance but the record of a drill of one. */
export const DRILL_TAG = "clawback:drill";

/** Marks a snapshot of what a restore in place was about to replace. */
export const SAFETY_TAG = "clawback:safety";

/** A snapshot for the case that a restore was a mistake: nobody means it by `latest`. */
export function isSafety({ tags = [] }: Snapshot): boolean {
  return tags.includes(SAFETY_TAG);
}

/** Whether it only goes along with other snapshots. Whoever lists, counts or compares those passes it by. */
export function isCompanion({ tags = [] }: Snapshot): boolean {
  return tags.includes(DRILL_TAG);
}

/** The repository's snapshots of instances, oldest first. */
export async function listInstanceSnapshots(repository: Repository): Promise<Snapshot[]> {
  return (await listSnapshots(repository)).filter((snapshot) => !isCompanion(snapshot));
}

/** What tells a snapshot of a part from a whole one. */
export function scopeTags({
  components,
  agents,
}: {
  components: readonly string[];
  agents: readonly string[];
}): string[] {
  return [...components.map((each) => COMPONENT_TAG + each), ...agents.map((id) => AGENT_TAG + id)];
}

/** The components that were asked for; empty: all. */
export function componentsOf(snapshot: Snapshot): string[] {
  return taggedWith(snapshot, COMPONENT_TAG);
}

/** The agents that were asked for; empty: all, and what they share. */
export function agentsOf(snapshot: Snapshot): string[] {
  return taggedWith(snapshot, AGENT_TAG);
}

/** The rest of each tag that begins so. */
export function taggedWith({ tags = [] }: Snapshot, beginning: string): string[] {
  return tags.filter((tag) => tag.startsWith(beginning)).map((tag) => tag.slice(beginning.length));
}

export function isComplete(snapshot: Snapshot): boolean {
  return !(snapshot.tags ?? []).includes(INCOMPLETE_TAG);
}

/** A snapshot of everything: what people mean by `latest`. */
export function isWhole(snapshot: Snapshot): boolean {
  const isPart = componentsOf(snapshot).length > 0 || agentsOf(snapshot).length > 0;
  return !isPart && !isCompanion(snapshot);
}

/** The tags that people gave. */
export function ownTags(snapshot: Snapshot): string[] {
  return (snapshot.tags ?? []).filter((tag) => !tag.startsWith("clawback:"));
}

export function refOf(snapshot: Snapshot): SnapshotRef {
  return { id: snapshot.id, shortId: shortId(snapshot.id), time: utc(snapshot.time) };
}

/** An entry as `ls`, `find` and `diff` tell of it. Names that are not UTF-8 are shown as best they can be. */
export function entryOf(path: Buffer, node: TreeNode): EntryDocument {
  return {
    path: path.toString(),
    type: node.type,
    mode: modeText(node),
    size: Number(node.size ?? 0n),
    mtime: node.mtime === undefined ? "" : utc(node.mtime),
    ...(node.linktarget !== undefined && { linkTarget: node.linktarget.toString() }),
  };
}

const TYPE_LETTERS: Record<NodeType, string> = {
  file: "-",
  dir: "d",
  symlink: "l",
  dev: "b",
  chardev: "c",
  fifo: "p",
  socket: "s",
  irregular: "?",
};

/** As `ls -l` writes it. */
function modeText({ type, mode }: TreeNode): string {
  const bits = posixMode(mode);
  const triple = (shift: number, special: boolean, letter: string) => {
    const three = bits >> shift;
    const run = three & 1;
    const last = special ? (run ? letter : letter.toUpperCase()) : run ? "x" : "-";
    return (three & 4 ? "r" : "-") + (three & 2 ? "w" : "-") + last;
  };
  return (
    TYPE_LETTERS[type] +
    triple(6, (bits & 0o4000) !== 0, "s") +
    triple(3, (bits & 0o2000) !== 0, "s") +
    triple(0, (bits & 0o1000) !== 0, "t")
  );
}

/** RFC 3339 in UTC, to the millisecond. */
function utc(time: string): string {
  return new Date(Number(parseTime(time) / 1_000_000n)).toISOString();
}
