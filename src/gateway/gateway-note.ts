import { handleOf } from "./handle.ts";
import { bringBack } from "./lifecycle.ts";
import { messageOf } from "../errors.ts";
import type {
  DockerRecipe,
  GatewayControl,
  Probe,
  ProcessRecipe,
  Recipe,
  SystemdRecipe,
} from "./recipe.ts";

const START_TIMEOUT_MS = 180_000;
/** What decides where OpenClaw looks; no secrets. */
const PLACES = ["HOME", "OPENCLAW_HOME", "OPENCLAW_STATE_DIR", "OPENCLAW_CONFIG_PATH"];

/**
 * What a journal keeps of a gateway that ran, to start it after a reboot. Plain JSON without
 * secrets: a plain process is therefore only described.
 */
export type GatewayNote =
  | (Pick<SystemdRecipe, "kind" | "scope" | "unit" | "env"> & { probe: Probe })
  | (Pick<DockerRecipe, "kind" | "socket" | "id" | "name"> & { probe: Probe })
  | { kind: "process"; command: string };

export function toJournal(control: GatewayControl): GatewayNote {
  const recipe = control.recipe();
  if (recipe.kind === "process") return { kind: "process", command: toType(recipe, control.port) };
  const { probe } = recipe;
  if (recipe.kind === "systemd") {
    const { kind, scope, unit, env } = recipe;
    return { kind, scope, unit, env, probe };
  }
  const { kind, socket, id, name } = recipe;
  return { kind, socket, id, name, probe };
}

/**
 * Starts a gateway that ran once, unless it runs, and waits until it is ready.
 * @returns with a hint, what a person can type, when it is not started
 */
export async function startAgain(
  note: GatewayNote,
  startTimeoutMs = START_TIMEOUT_MS,
): Promise<{ started: boolean; hint?: string }> {
  if (note.kind === "process") return { started: false, hint: `Start it: ${note.command}` };
  const recipe: Recipe = { ...note, processes: [] };
  try {
    await bringBack(handleOf(recipe), { stopTimeoutMs: 0, startTimeoutMs });
    return { started: true };
  } catch (error) {
    const command =
      note.kind === "docker"
        ? `docker start ${note.name}`
        : `systemctl --${note.scope} start ${note.unit}`;
    return { started: false, hint: `${messageOf(error)}. Start it yourself: ${command}` };
  }
}

/** Neither its other arguments nor its environment, in which tokens may be. */
function toType({ command, env, user }: ProcessRecipe, port: number | undefined): string {
  const end = command.indexOf("gateway");
  const program = end > 0 ? command.slice(0, end) : ["openclaw"];
  const places = Object.entries(env).filter(([name]) => PLACES.includes(name));
  const words = [
    ...(user === undefined ? [] : ["setpriv", `--reuid=${user.uid}`, `--regid=${user.gid}`]),
    ...(user === undefined ? [] : ["--init-groups"]),
    ...(places.length === 0 ? [] : ["env", ...places.map(([name, value]) => `${name}=${value}`)]),
    ...program,
    "gateway",
    "run",
    ...(port === undefined ? [] : ["--port", String(port)]),
  ];
  return words.map(quoted).join(" ");
}

function quoted(word: string): string {
  return /^[\w./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
