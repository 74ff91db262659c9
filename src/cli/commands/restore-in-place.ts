import { type Command, Option } from "commander";
import type { SessionsMode } from "../../openclaw/portability/compare-sessions.ts";
import { agree } from "../agree.ts";
import type { Outcome } from "../command.ts";
import type { Context } from "../context.ts";
import { parseMappings } from "../mapping-option.ts";

/** The words of `restore --in-place`. */
export interface InPlaceFlags {
  component?: string[];
  agent?: string[];
  path?: string[];
  map?: string[];
  /** False with `--no-auto-map`. */
  autoMap: boolean;
  rewriteWords?: true;
  owner?: string;
  dryRun?: true;
  sessions?: SessionsMode;
  newIdentity?: true;
  start: boolean;
  safetySnapshot: boolean;
  services?: true;
  installPlugins?: true;
}

export function addInPlaceOptions(command: Command): Command {
  return command
    .optionsGroup("With --in-place:")
    .option("--no-auto-map", "do not map the snapshot's home to this one")
    .addOption(
      new Option(
        "--sessions <which>",
        "messaging sessions that move on with each message: those here (the default, unless they are gone or damaged), the snapshot's, or whichever is newer",
      ).choices(["live", "snapshot", "newest"]),
    )
    .option("--new-identity", "have OpenClaw make a device identity of its own")
    .option("--no-start", "leave the gateway stopped")
    .option("--no-safety-snapshot", "take no snapshot of what is there")
    .option("--services", "put back what starts the gateway, also from another machine")
    .option("--install-plugins", "run the commands that bring back plugins whose code is missing")
    .optionsGroup("");
}

/** Plans, shows the plan, asks, and does what was shown. */
export async function restoreInPlace(
  context: Context,
  snapshot: string | Date,
  { component = [], agent = [], path = [], map = [], ...options }: InPlaceFlags,
): Promise<Outcome> {
  const dryRun = options.dryRun ?? false;
  const { planRestore } = await import("../../operations/in-place/plan.ts");
  const { renderInPlacePlan, renderInPlaceResult } = await import("../render/in-place.ts");
  const plan = await planRestore(
    context,
    {
      snapshot,
      components: component,
      agents: agent,
      paths: path,
      mappings: parseMappings(map, context),
      automaticMapping: options.autoMap,
      rewriteWords: options.rewriteWords ?? false,
      sessions: options.sessions,
      newIdentity: options.newIdentity ?? false,
      owner: options.owner,
      start: options.start,
      safetySnapshot: options.safetySnapshot,
      services: options.services ?? false,
      installPlugins: options.installPlugins ?? false,
    },
    dryRun,
  );
  const planned = plan.document;
  if (dryRun) {
    return { document: planned, text: (view) => renderInPlacePlan(planned, view) };
  }
  await agree(context, (view) => renderInPlacePlan(planned, view), {
    message: `Replace what is at ${planned.target}?`,
  });
  const { executePlan } = await import("../../operations/in-place/execute.ts");
  const document = await executePlan(context, plan);
  return { document, text: (view) => renderInPlaceResult(document, view), quietText: "" };
}
