import { isGatewayRunning } from "../openclaw/gateway.ts";
import type { Classification } from "../openclaw/classify.ts";
import { walk } from "../snapshot/walker.ts";
import type { OperationContext } from "./context.ts";
import type { Exclusion, InspectDocument, InstanceItem } from "./documents.ts";
import { RootIndex } from "./root-index.ts";
import { selectionOf } from "./selection.ts";
import { pathsToWalk, surveyInstance } from "./survey.ts";

const ENTRIES_A_TURN = 1024;

/** What the instance consists of, and what a backup would leave out. Reads names and sizes, no contents. */
export async function inspect(context: OperationContext): Promise<InspectDocument> {
  const survey = await surveyInstance(context);
  const { instance, config, roots, problems, channels, version } = survey;
  const index = new RootIndex(roots);
  const items = new Map<string, InstanceItem>();
  const excluded: Exclusion[] = [];
  const warnings = problems.map(({ path, message }) => `${path}: ${message}`);
  let entries = 0;
  for (const step of walk(await pathsToWalk(roots), selectionOf(index, []), { measure: true })) {
    if (++entries % ENTRIES_A_TURN === 0) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      context.signal.throwIfAborted();
    }
    if (step.kind === "left-out") {
      excluded.push({ ...step.leftOut, path: step.leftOut.path.toString() });
    } else if (step.kind === "failed") {
      warnings.push(`${step.failure.path.toString()}: ${step.failure.message}`);
    } else if (step.kind === "entry" && step.entry.stat.isFile()) {
      const path = step.entry.path.toString();
      const found = index.classify(path, false);
      if (found !== undefined) count(items, place(path, survey.roots), found, step.entry.stat.size);
    }
  }
  return {
    instance: {
      stateDir: instance.stateDir,
      configFile: config.present ? (config.path ?? null) : null,
      version: version.recorded ?? version.installed ?? null,
      running: await isGatewayRunning(instance),
    },
    items: [...items.values()].sort((a, b) => b.bytes - a.bytes),
    channels,
    excluded: excluded.sort((a, b) => b.bytes - a.bytes),
    warnings,
  };
}

/** What a person knows it by: an entry of the state directory, or a place outside as a whole. */
function place(
  path: string,
  roots: readonly { kind: string; path: string; realPath: string }[],
): string {
  for (const root of roots) {
    if (path === root.realPath) return root.path;
    if (!path.startsWith(`${root.realPath}/`)) continue;
    if (root.kind !== "state") return root.path;
    const [first = ""] = path.slice(root.realPath.length + 1).split("/");
    return `${root.path}/${first}`;
  }
  return path;
}

function count(
  items: Map<string, InstanceItem>,
  path: string,
  { component, pain, secret }: Classification,
  size: bigint,
): void {
  const key = [component, path, pain, secret].join("\0");
  const item = items.get(key) ?? {
    component,
    path,
    files: 0,
    bytes: 0,
    loss: pain,
    secret,
    rebuildable: pain === "rebuildable",
  };
  items.set(key, { ...item, files: item.files + 1, bytes: item.bytes + Number(size) });
}
