import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { messageOf } from "../../errors.ts";
import type { OperationContext } from "../context.ts";
import type { InPlaceDocument } from "./document.ts";
import type { InPlacePlan } from "./plan.ts";

const run = promisify(execFile);
const TIMEOUT_MS = 300_000;

/** Runs the commands that bring plugins back, if that was asked for. One that fails is told of. */
export async function installPlugins(
  { env, progress, warn }: OperationContext,
  { options, destination }: InPlacePlan,
  plugins: InPlaceDocument["plugins"],
): Promise<InPlaceDocument["plugins"]> {
  if (!options.installPlugins) return plugins;
  const results: InPlaceDocument["plugins"] = [];
  for (const plugin of plugins) {
    progress.note(`installing the plugin ${plugin.id}`);
    const [program = "openclaw", ...args] = plugin.command;
    try {
      await run(program, args, {
        env: { ...env, OPENCLAW_STATE_DIR: destination.stateDir },
        timeout: TIMEOUT_MS,
      });
      results.push({ ...plugin, installed: true });
    } catch (error) {
      warn(`the plugin ${plugin.id} was not installed: ${messageOf(error).split("\n")[0]}`);
      results.push({ ...plugin, installed: false });
    }
  }
  return results;
}
