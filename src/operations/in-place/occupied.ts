import { ClawbackError } from "../../errors.ts";
import { occupantsOf } from "../../gateway/occupants.ts";
import type { GatewayControl } from "../../gateway/recipe.ts";

const MOST_NAMED = 5;

/**
 * Nothing may have a working directory or an open file in what is exchanged: it would go on working
 * in the old tree.
 *
 * @param gateway will be stopped, and does not count; undefined: it is stopped
 * @throws E_OCCUPIED naming the processes
 */
export async function refuseOccupants(
  paths: readonly string[],
  gateway: GatewayControl | undefined,
): Promise<void> {
  const processes = gateway?.recipe().processes.map(({ pid }) => pid) ?? [];
  const besides = [process.pid, ...processes, ...(gateway?.gateway ? [gateway.gateway.pid] : [])];
  const { occupants } = await occupantsOf(paths, { besides });
  if (occupants.length === 0) return;
  const named = occupants
    .slice(0, MOST_NAMED)
    .map(({ pid, command, how, path }) => `${command} (process ${pid}: ${how} ${path})`);
  const more =
    occupants.length > named.length ? ` and ${occupants.length - named.length} more` : "";
  throw new ClawbackError("E_OCCUPIED", `in use by ${named.join(", ")}${more}`, {
    hint: "Nothing was changed. End these programs, or leave that directory, and run it again.",
  });
}
