import { request } from "node:http";
import { ClawbackError } from "../errors.ts";

const CALL_TIMEOUT_MS = 30_000;
const DEFAULT_SOCKET = "/var/run/docker.sock";
/** A list of containers is kilobytes; whatever sends more is no Docker Engine. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

export interface Container {
  Id: string;
  Names: string[];
  Mounts: { Source?: string }[];
}

/** When the Engine starts a container by itself: `no`, `always`, `unless-stopped`, `on-failure`. */
export interface RestartPolicy {
  Name: string;
  MaximumRetryCount: number;
}

/** The parts of `GET /containers/{id}/json` that are used here. */
export interface ContainerDetails {
  Id: string;
  State: { Running: boolean; Paused: boolean; Pid: number; Health?: { Status: string } };
  Config: { Cmd: string[] | null; Entrypoint: string[] | string | null };
  HostConfig: { AutoRemove: boolean; RestartPolicy?: RestartPolicy };
  NetworkSettings: { Ports: Record<string, { HostPort: string }[] | null> | null };
}

/** The Engine's socket by `DOCKER_HOST`, else the usual one. Undefined: an Engine elsewhere. */
export function engineSocket(
  env: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const host = env["DOCKER_HOST"]?.trim();
  if (host === undefined || host === "") return DEFAULT_SOCKET;
  return host.startsWith("unix://") ? host.slice("unix://".length) : undefined;
}

interface CallOptions {
  signal?: AbortSignal;
  /** Sent as JSON. */
  body?: object;
}

/** The Docker Engine API (docs.docker.com/reference/api/engine) on its Unix socket. */
export class DockerEngine {
  readonly socket: string;

  constructor(socket: string) {
    this.socket = socket;
  }

  /** Those that run, or all. Undefined when no Engine answers here. */
  async containers({ stopped = false } = {}): Promise<Container[] | undefined> {
    try {
      const path = `/containers/json${stopped ? "?all=1" : ""}`;
      const { status, body } = await this.#call("GET", path);
      return status === 200 ? (JSON.parse(body) as Container[]) : undefined;
    } catch {
      return undefined;
    }
  }

  /** @throws E_GATEWAY */
  async inspect(id: string): Promise<ContainerDetails> {
    const { body } = await this.#expect("GET", `/containers/${id}/json`, [200]);
    return JSON.parse(body) as ContainerDetails;
  }

  /**
   * Asks for a stop. `t=-1`: however long it takes, the Engine does not kill. It answers when the
   * container has ended; what matters is asked with `inspect`, so the answer is not awaited.
   */
  stop(id: string): { refused: Promise<ClawbackError | undefined>; abandon: () => void } {
    const abandoned = new AbortController();
    const path = `/containers/${id}/stop?t=-1`;
    const { signal } = abandoned;
    const refused = this.#expect("POST", path, [204, 304], { signal }).then(
      () => undefined,
      (error: unknown) => (abandoned.signal.aborted ? undefined : (error as ClawbackError)),
    );
    return { refused, abandon: () => abandoned.abort() };
  }

  /** @throws E_GATEWAY */
  async start(id: string): Promise<void> {
    await this.#expect("POST", `/containers/${id}/start`, [204, 304]);
  }

  /**
   * A container that is gone has none, which is fine.
   * @throws E_GATEWAY
   */
  async setRestartPolicy(id: string, policy: RestartPolicy): Promise<void> {
    const path = `/containers/${id}/update`;
    await this.#expect("POST", path, [200, 404], { body: { RestartPolicy: policy } });
  }

  async #expect(
    method: "GET" | "POST",
    path: string,
    wanted: number[],
    how: CallOptions = {},
  ): Promise<{ status: number; body: string }> {
    let answer: { status: number; body: string };
    try {
      answer = await this.#call(method, path, how);
    } catch (error) {
      throw new ClawbackError("E_GATEWAY", `the Docker Engine does not answer at ${this.socket}`, {
        cause: error,
      });
    }
    if (wanted.includes(answer.status)) return answer;
    const said = messageIn(answer.body);
    throw new ClawbackError(
      "E_GATEWAY",
      `the Docker Engine refused ${method} ${path}: ${answer.status} ${said}`,
    );
  }

  #call(
    method: "GET" | "POST",
    path: string,
    { signal, body }: CallOptions = {},
  ): Promise<{ status: number; body: string }> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const { promise, resolve, reject } = Promise.withResolvers<{ status: number; body: string }>();
    const call = request(
      {
        socketPath: this.socket,
        path,
        method,
        headers: {
          host: "docker",
          ...(text !== undefined && {
            "content-type": "application/json",
            "content-length": Buffer.byteLength(text),
          }),
        },
        agent: false,
        // A stop is as long as the gateway's drain, and has its own end.
        ...(signal === undefined ? { timeout: CALL_TIMEOUT_MS } : { signal }),
      },
      (response) => {
        const parts: Buffer[] = [];
        let size = 0;
        response.on("data", (part: Buffer) => {
          size += part.length;
          if (size > MAX_ANSWER_BYTES) response.destroy(new Error("too long an answer"));
          else parts.push(part);
        });
        response.on("error", reject);
        response.on("end", () => {
          const body = Buffer.concat(parts).toString("utf8");
          resolve({ status: response.statusCode ?? 0, body });
        });
      },
    );
    call.on("timeout", () => call.destroy(new Error("no answer in time")));
    call.on("error", reject);
    call.end(text);
    return promise;
  }
}

function messageIn(body: string): string {
  try {
    const { message } = JSON.parse(body) as { message?: unknown };
    return typeof message === "string" ? message : "";
  } catch {
    return "";
  }
}
