import { ClawbackError } from "../errors.ts";
import { readConfig } from "../openclaw/config.ts";
import type { Instance } from "../openclaw/find-instance.ts";
import type { Surroundings } from "../openclaw/user-paths.ts";
import { dockerControl } from "./docker.ts";
import { readGatewayLock } from "./gateway-lock.ts";
import type { GatewayLock, LockState } from "./gateway-lock.ts";
import { answers } from "./probe.ts";
import { processControl } from "./process-recipe.ts";
import { findByOwnPid, isInOurNamespace, keyOf } from "./process-table.ts";
import type { GatewayControl, ProcessKey } from "./recipe.ts";
import { systemdControl } from "./systemd.ts";

/** OpenClaw's own (docs/gateway/index.md of its package). */
const DEFAULT_PORT = 18789;

/**
 * Which way this instance's gateway runs: as a systemd unit, a Docker container or a plain process.
 *
 * @returns undefined when it is known not to run
 * @throws E_GATEWAY with a hint when that cannot be told, or when it runs in a way that cannot be
 * stopped and started again from here; nothing has been done then
 */
export async function findGateway(
  instance: Instance,
  surroundings: Surroundings,
): Promise<GatewayControl | undefined> {
  if (surroundings.platform !== "linux") throw notHere(surroundings.platform);
  const state = await readGatewayLock(instance);
  if (state.lock !== undefined) refuseOtherRole(state.lock, state.held);
  const port = state.lock?.port ?? (await configuredPort(instance, surroundings));
  const gateway = state.lock === undefined ? undefined : await holderOf(state.lock);
  if (gateway !== undefined && state.held !== false) {
    return controlOf(gateway, { instance, surroundings, state, port });
  }
  return state.held === false ? undefined : unseen({ instance, surroundings, state, port });
}

interface Known {
  instance: Instance;
  surroundings: Surroundings;
  state: LockState;
  port: number;
}

async function controlOf(gateway: ProcessKey, known: Known): Promise<GatewayControl> {
  const { instance, surroundings, state, port } = known;
  const { pid } = gateway;
  if ((await isInOurNamespace(pid)) === false) {
    const container = await dockerControl(instance, surroundings, pid, port);
    if (container !== undefined) return container;
    throw new ClawbackError("E_GATEWAY", `the gateway (process ${pid}) runs in a container`, {
      hint: "No Docker Engine that answers here knows it. Stop that container, back up, and start it again.",
    });
  }
  return (
    (await systemdControl(instance, surroundings, pid, port)) ??
    processControl(gateway, { port, lockFile: state.lockFile })
  );
}

/** No process that the lock names can be seen from here, and yet it may be held. */
async function unseen(known: Known): Promise<GatewayControl | undefined> {
  const { instance, surroundings, state, port } = known;
  const found =
    (await dockerControl(instance, surroundings, undefined, port)) ??
    (await systemdControl(instance, surroundings, undefined, port));
  if (found !== undefined) return found;
  if (state.held === true) {
    throw new ClawbackError("E_GATEWAY", "the gateway runs where its process cannot be seen", {
      hint: "It may be in another container. Stop it there, back up, and start it again.",
    });
  }
  if (await answers(port, "healthz")) {
    throw new ClawbackError("E_GATEWAY", `a gateway answers on port ${port}, but not which one`, {
      hint: "It left no lock that says which process it is. Stop it yourself, back up, start it again.",
    });
  }
  return undefined;
}

/** The lock's process as seen from here. Its start time proves that it is the same one. */
async function holderOf({ pid, start }: GatewayLock): Promise<ProcessKey | undefined> {
  const key = await keyOf(pid);
  if (start === undefined) return undefined;
  if (key?.start === start && (await isInOurNamespace(pid)) !== false) return key;
  const seen = await findByOwnPid(pid, start);
  return seen === undefined ? undefined : { pid: seen, start };
}

function refuseOtherRole({ role, pid }: GatewayLock, held: boolean | null): void {
  if (role === "gateway" || held !== true) return;
  throw new ClawbackError("E_GATEWAY", `OpenClaw is busy with this state (${role}, ${pid})`, {
    hint: "That is no gateway, and ends by itself; try again later.",
  });
}

async function configuredPort(instance: Instance, { env }: Surroundings): Promise<number> {
  return (await readConfig(instance, env)).gatewayPort ?? DEFAULT_PORT;
}

function notHere(platform: NodeJS.Platform): ClawbackError {
  const command =
    platform === "darwin" ? "openclaw gateway stop … openclaw gateway start" : "openclaw gateway";
  return new ClawbackError("E_GATEWAY", `stopping the gateway is not supported on ${platform}`, {
    hint: `Stop it yourself, back up, and start it again (${command}); or back up while it runs.`,
  });
}
