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

/** The parts of `GET /containers/{id}/json` that are used here. */
export interface ContainerDetails {
  Id: string;
  State: { Running: boolean; Paused: boolean; Pid: number; Health?: { Status: string } };
  Config: { Cmd: string[] | null; Entrypoint: string[] | string | null };
  HostConfig: { AutoRemove: boolean };
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

/** The Docker Engine API (docs.docker.com/reference/api/engine) on its Unix socket. */
export class DockerEngine {
  readonly socket: string;

  constructor(socket: string) {
    this.socket = socket;
  }

  /** Those that run. Undefined when no Engine answers here. */
  async containers(): Promise<Container[] | undefined> {
    try {
      const { status, body } = await this.#call("GET", "/containers/json");
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
    const refused = this.#expect("POST", path, [204, 304], abandoned.signal).then(
      () => undefined,
      (error: unknown) => (abandoned.signal.aborted ? undefined : (error as ClawbackError)),
    );
    return { refused, abandon: () => abandoned.abort() };
  }

  /** @throws E_GATEWAY */
  async start(id: string): Promise<void> {
    await this.#expect("POST", `/containers/${id}/start`, [204, 304]);
  }

  async #expect(
    method: "GET" | "POST",
    path: string,
    wanted: number[],
    signal?: AbortSignal,
  ): Promise<{ status: number; body: string }> {
    let answer: { status: number; body: string };
    try {
      answer = await this.#call(method, path, signal);
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
    signal?: AbortSignal,
  ): Promise<{ status: number; body: string }> {
    const { promise, resolve, reject } = Promise.withResolvers<{ status: number; body: string }>();
    const call = request(
      {
        socketPath: this.socket,
        path,
        method,
        headers: { host: "docker" },
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
    call.end();
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
