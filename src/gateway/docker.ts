import { hostname } from "node:os";
import { ClawbackError } from "../errors.ts";
import type { Instance } from "../openclaw/find-instance.ts";
import { isWithin } from "../openclaw/user-paths.ts";
import type { Surroundings } from "../openclaw/user-paths.ts";
import { DockerEngine, engineSocket } from "./docker-engine.ts";
import type { Container, ContainerDetails } from "./docker-engine.ts";
import { probeOf } from "./probe.ts";
import { controlGroupsOf, keyOf, withAncestors } from "./process-table.ts";
import type { DockerRecipe, GatewayControl, Probe } from "./recipe.ts";

interface Candidate {
  container: Container;
  details: ContainerDetails;
}

/**
 * The running container whose mount holds the state directory. When several do, the one that the
 * gateway's process belongs to, or the only one whose command speaks of a gateway.
 *
 * @param gateway its pid as seen from here, when it can be seen
 * @throws E_GATEWAY when it is one that must not be stopped, or cannot be told from others
 */
export async function dockerControl(
  instance: Instance,
  { env }: Surroundings,
  gateway: number | undefined,
  port: number,
): Promise<GatewayControl | undefined> {
  const socket = engineSocket(env);
  if (socket === undefined) return undefined;
  const engine = new DockerEngine(socket);
  const mounting = (await engine.containers())?.filter((each) => mounts(each, instance)) ?? [];
  const candidates = await Promise.all(
    mounting.map(async (container) => ({ container, details: await engine.inspect(container.Id) })),
  );
  const found = await choose(candidates, gateway);
  if (found === undefined) return undefined;
  const name = nameOf(found.container);
  refuse(name, found.details);
  // Without a gateway that can be seen from here, the Engine's pids are another machine's.
  const pids = gateway === undefined ? [] : [found.details.State.Pid, gateway];
  const processes = await Promise.all(pids.map(keyOf));
  const recipe: DockerRecipe = {
    kind: "docker",
    socket,
    id: found.container.Id,
    name,
    processes: processes.filter((key) => key !== undefined),
    probe: await containerProbe(found.details, port),
  };
  return {
    kind: "docker",
    describe: `the Docker container ${name}`,
    notes: [],
    port: recipe.probe.port,
    gateway: gateway === undefined ? undefined : await keyOf(gateway),
    recipe: () => recipe,
  };
}

export function nameOf({ Names, Id }: Container): string {
  return Names[0]?.replace(/^\//, "") ?? Id.slice(0, 12);
}

/** Whether the state directory, or one above it, is mounted into the container. */
export function mounts(container: Container, { realStateDir }: Instance): boolean {
  return container.Mounts.some(({ Source }) => {
    return Source !== undefined && Source !== "" && isWithin(realStateDir, Source);
  });
}

async function choose(
  candidates: Candidate[],
  gateway: number | undefined,
): Promise<Candidate | undefined> {
  if (gateway !== undefined) {
    const groups = (await controlGroupsOf(gateway)).join("\n");
    const line = await withAncestors(gateway);
    return candidates.find(({ container, details }) => {
      return line.includes(details.State.Pid) || groups.includes(container.Id);
    });
  }
  const speaking = candidates.filter(({ details }) => speaksOfGateway(details));
  const likely = speaking.length > 0 ? speaking : candidates;
  if (likely.length < 2) return likely[0];
  const names = likely.map(({ container }) => nameOf(container));
  throw new ClawbackError("E_GATEWAY", `several containers have this state: ${names.join(", ")}`, {
    hint: "Stop the gateway's yourself, back up, and start it again.",
  });
}

function speaksOfGateway({ Config }: ContainerDetails): boolean {
  return [Config.Entrypoint, Config.Cmd].flat().some((word) => word?.includes("gateway") === true);
}

function refuse(name: string, { Id, State, HostConfig }: ContainerDetails): void {
  const reasons: [boolean, string, string][] = [
    [HostConfig.AutoRemove, "would be removed when it ends (--rm)", "Start it without --rm."],
    [State.Paused, "is paused", `Resume it first: docker unpause ${name}`],
    // The default host name in a container is the beginning of its id.
    [Id.startsWith(hostname()), "is the one that Clawback runs in", "Run Clawback outside of it."],
  ];
  for (const [holds, why, hint] of reasons) {
    if (holds) throw new ClawbackError("E_GATEWAY", `the container ${name} ${why}`, { hint });
  }
}

/** The image's own health check, else an answer on the published port, else that it runs. */
async function containerProbe(details: ContainerDetails, port: number): Promise<Probe> {
  const published = Number(details.NetworkSettings.Ports?.[`${port}/tcp`]?.[0]?.HostPort ?? port);
  if (details.State.Health?.Status === "healthy") return { kind: "health", port: published };
  return probeOf(published);
}
