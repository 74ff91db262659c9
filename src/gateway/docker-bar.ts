import { messageOf } from "../errors.ts";
import type { Instance } from "../openclaw/find-instance.ts";
import type { Surroundings } from "../openclaw/user-paths.ts";
import { mounts, nameOf } from "./docker.ts";
import { DockerEngine, engineSocket } from "./docker-engine.ts";
import type { RestartPolicy } from "./docker-engine.ts";

const NEVER: RestartPolicy = { Name: "no", MaximumRetryCount: 0 };

/** A container that is not started by itself while its restart policy is `no`. */
export interface DockerBar {
  kind: "docker";
  /** The Engine's Unix socket. */
  socket: string;
  id: string;
  name: string;
  /** What it was. */
  policy: RestartPolicy;
}

/** The containers, running or not, that mount the state and would be started again by the Engine. */
export async function dockerBars(instance: Instance, at: Surroundings): Promise<DockerBar[]> {
  const socket = engineSocket(at.env);
  if (socket === undefined) return [];
  const engine = new DockerEngine(socket);
  const all = (await engine.containers({ stopped: true })) ?? [];
  const bars: DockerBar[] = [];
  for (const container of all.filter((each) => mounts(each, instance))) {
    const policy = (await engine.inspect(container.Id)).HostConfig.RestartPolicy;
    if (policy === undefined || ["", "no"].includes(policy.Name)) continue;
    bars.push({ kind: "docker", socket, id: container.Id, name: nameOf(container), policy });
  }
  return bars;
}

/** @throws E_GATEWAY */
export async function raisePolicy({ socket, id }: DockerBar): Promise<void> {
  await new DockerEngine(socket).setRestartPolicy(id, NEVER);
}

export async function liftPolicy(bar: DockerBar): Promise<string | undefined> {
  const { socket, id, name, policy } = bar;
  try {
    await new DockerEngine(socket).setRestartPolicy(id, policy);
    return undefined;
  } catch (error) {
    const count = policy.MaximumRetryCount > 0 ? `:${policy.MaximumRetryCount}` : "";
    const command = `docker update --restart=${policy.Name}${count} ${name}`;
    return `the container ${name} is not restarted by itself (${messageOf(error)}): ${command}`;
  }
}
