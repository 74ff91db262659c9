import { join } from "node:path";
import { ClawbackError } from "../../errors.ts";
import { currentProcess } from "../../fs/process-identity.ts";
import { openScratch } from "../../fs/scratch.ts";
import type { InstanceCopy } from "../../openclaw/instance-copy.ts";
import { restore } from "../../snapshot/restorer.ts";
import type { Snapshot } from "../../snapshot/snapshots.ts";
import type { OperationContext } from "../context.ts";
import { restoredInstance } from "../drill/instance-copy.ts";
import { type Manifest, readManifest } from "../manifest.ts";
import { RootIndex } from "../root-index.ts";
import type { Session } from "../with-repository.ts";

/** What of a snapshot tells of its sessions, restored where nobody but this process looks. */
export interface SessionsCopy extends AsyncDisposable {
  copy: InstanceCopy;
  manifest: Manifest;
  /** What could not be brought back. */
  faults: string[];
}

/** Roots that hold configuration or credentials. */
const KINDS = new Set(["config", "include", "environment", "secret", "credentials", "signal"]);

/** Devices and pipes hold nothing. */
const RESTORED: ReadonlySet<string> = new Set(["file", "dir", "symlink"]);

/** Of the state directory. */
const IN_STATE = /^(openclaw\.json.*|clawdbot\.json.*|\.env|credentials|matrix)(\/|$)/;
const STATE_DATABASE = "state/openclaw.sqlite";

/**
 * Restores what sessions are made of, and no more, into a private directory (0700).
 *
 * @throws E_NO_SNAPSHOT when it is none of ours; E_NO_SPACE, E_PERMISSION, E_DAMAGED, E_STORAGE_…
 */
export async function sessionsCopy(
  { places, progress }: OperationContext,
  { repository, signal }: Session,
  snapshot: Snapshot,
): Promise<SessionsCopy> {
  const manifest = await readManifest(repository, snapshot.tree);
  if (manifest === undefined) {
    throw new ClawbackError(
      "E_NO_SNAPSHOT",
      `snapshot ${snapshot.id.slice(0, 8)} has no manifest: whose sessions it holds is not known`,
      { hint: "Name another: clawback snapshots" },
    );
  }
  await using stack = new AsyncDisposableStack();
  const base = join(places.cacheDir, "scratch");
  const scratch = stack.use(await openScratch(base, await currentProcess()));
  const directory = join(scratch.path, "restored");
  const roots = new RootIndex(manifest.roots);
  const result = await restore({
    repository,
    tree: snapshot.tree,
    target: Buffer.from(directory),
    select: (path, { type }) => {
      if (!RESTORED.has(type)) return "skip";
      const isDirectory = type === "dir";
      const located = roots.locate(path.toString());
      if (located === undefined) return isDirectory ? "descend" : "skip";
      const { root, relative } = located;
      if (KINDS.has(root.kind)) return "take";
      if (root.kind !== "state") return isDirectory ? "descend" : "skip";
      if (IN_STATE.test(relative) || relative === STATE_DATABASE) return "take";
      return isDirectory && `${STATE_DATABASE}/`.startsWith(relative) ? "descend" : "skip";
    },
    progress,
    signal,
  });
  const all = stack.move();
  return {
    copy: restoredInstance(manifest, directory),
    manifest,
    faults: result.faults.map(({ path, message }) => `${path.toString()}: ${message}`),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}
