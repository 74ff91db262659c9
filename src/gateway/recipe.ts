/** One process of this machine; the start time tells it from a later one with the same pid. */
export interface ProcessKey {
  pid: number;
  /** Ticks from boot, as in `/proc/<pid>/stat`. */
  start: string;
}

/**
 * What tells that a gateway is back: the most that it showed before it was stopped. `readyz` and
 * `healthz` are its HTTP answers on `port`, `health` the check of a container's own image; `alive`
 * is a process that goes on living.
 */
export interface Probe {
  kind: "readyz" | "healthz" | "health" | "alive";
  port: number | undefined;
}

/** A gateway that nobody looks after: how to start it the way it was started. */
export interface ProcessRecipe {
  kind: "process";
  /** To be asked to end: the gateway itself. */
  gateway: ProcessKey;
  /** The gateway and the launcher it may have: stopped means that all of them are gone. */
  processes: ProcessKey[];
  /** The program and its arguments. */
  command: string[];
  /** Secrets among them. */
  env: Record<string, string>;
  cwd: string;
  /** Files that its output is appended to. */
  stdout: string;
  stderr: string;
  umask: number;
  /** Given when the gateway is another user's, which only root can start again. */
  user: { uid: number; gid: number; groups: number[] } | undefined;
  /** Held locked by whichever gateway works on this state. */
  lock: string | undefined;
  probe: Probe;
}

export interface SystemdRecipe {
  kind: "systemd";
  scope: "user" | "system";
  unit: string;
  /** What `systemctl` needs to find its manager. */
  env: Record<string, string>;
  processes: ProcessKey[];
  probe: Probe;
}

export interface DockerRecipe {
  kind: "docker";
  /** The Engine's Unix socket. */
  socket: string;
  id: string;
  name: string;
  processes: ProcessKey[];
  probe: Probe;
}

/** All that is needed to stop a gateway and to start it again. Holds secrets: never print it. */
export type Recipe = ProcessRecipe | SystemdRecipe | DockerRecipe;

/** The gateway of one instance, found running, and the way it can be stopped and started. */
export interface GatewayControl {
  kind: Recipe["kind"];
  /** What runs it, in a person's words: `the systemd user unit openclaw-gateway.service`. */
  describe: string;
  /** What will be different when it was stopped and started again: sentences, often none. */
  notes: string[];
  /** Where it listens, as far as known. */
  port: number | undefined;
  /** Its main process, when that can be seen from here. */
  gateway: ProcessKey | undefined;
  /** A function, so that printing a control prints no secret. */
  recipe: () => Recipe;
}
