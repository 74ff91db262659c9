import { join } from "node:path";
import { places } from "../../src/config/places.ts";
import type { OperationContext } from "../../src/operations/context.ts";
import type { InPlaceDocument, UndoDocument } from "../../src/operations/in-place/document.ts";
import { executePlan } from "../../src/operations/in-place/execute.ts";
import type { InPlaceOptions } from "../../src/operations/in-place/options.ts";
import { planRestore } from "../../src/operations/in-place/plan.ts";
import { executeUndo, planUndo } from "../../src/operations/in-place/undo.ts";
import type { Household } from "../e2e/household.ts";
import { operationContext } from "../support/operation-context.ts";

/** As of every household. */
const PASSWORD = "hunter2 and a lobster";

export const DEFAULTS: InPlaceOptions = {
  snapshot: "latest",
  components: [],
  agents: [],
  paths: [],
  mappings: [],
  automaticMapping: true,
  rewriteWords: false,
  sessions: undefined,
  newIdentity: false,
  owner: undefined,
  start: true,
  safetySnapshot: false,
  services: false,
  installPlugins: false,
};

/** The operations of a household, without a process for each. */
export function contextOf(
  { root, home, repository }: Household,
  given: Partial<OperationContext> = {},
): OperationContext {
  return { ...contextAt(root, home, repository), ...given };
}

export function contextAt(root: string, home: string, repository: string): OperationContext {
  const xdg = {
    XDG_CONFIG_HOME: join(root, "xdg/config"),
    XDG_STATE_HOME: join(root, "xdg/state"),
    XDG_CACHE_HOME: join(root, "xdg/cache"),
    XDG_DATA_HOME: join(root, "xdg/data"),
  };
  return operationContext(home, {
    env: { PATH: process.env["PATH"], HOME: home },
    tempDir: root,
    places: places(xdg, home),
    location: repository,
    passwords: () => Promise.resolve([PASSWORD]),
  });
}

/** Restores in place without asking, and without a snapshot of what was there. */
export async function restoreInPlace(
  context: OperationContext,
  options: Partial<InPlaceOptions> = {},
): Promise<InPlaceDocument> {
  return executePlan(context, await planRestore(context, { ...DEFAULTS, ...options }));
}

export async function undo(context: OperationContext): Promise<UndoDocument> {
  return executeUndo(context, await planUndo(context), { start: true });
}
