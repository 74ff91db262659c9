import { createServer } from "node:http";
import type { Server } from "node:http";
import { once } from "node:events";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { setTimeout as delay } from "node:timers/promises";
import { lives, keyOf } from "../../src/gateway/process-table.ts";
import type { RestartPolicy } from "../../src/gateway/docker-engine.ts";
import type { StandIn } from "./stand-in.ts";

const NEVER: RestartPolicy = { Name: "no", MaximumRetryCount: 0 };
const ROUTES = ["GET json", "POST stop?t=-1", "POST start", "POST update"];

/** One container that the fake Engine knows: its process is a stand-in gateway of this machine. */
export interface FakeContainer {
  id: string;
  name: string;
  gateway: StandIn;
  mounts: { Type: string; Source: string; Destination: string }[];
  autoRemove?: boolean;
  paused?: boolean;
  /** Follows the container's own check. */
  health?: "starting" | "healthy";
  command?: string[];
  /** Without one it is not started again by itself. */
  restart?: RestartPolicy;
}

/**
 * The Docker Engine's API on a Unix socket, as far as its reference (API 1.24 and later) documents
 * it and Clawback may use it. Anything else is answered with 500 and kept in `unexpected`.
 */
export class FakeEngine implements AsyncDisposable {
  readonly socket: string;
  readonly requests: string[] = [];
  readonly unexpected: string[] = [];
  readonly #server: Server;
  readonly #containers: FakeContainer[];

  private constructor(socket: string, containers: FakeContainer[]) {
    this.socket = socket;
    this.#containers = containers;
    this.#server = createServer((request, response) => {
      const words = `${request.method} ${request.url}`;
      this.requests.push(words);
      void request
        .toArray()
        .then((parts) => this.#answer(words, Buffer.concat(parts as Buffer[]).toString()))
        .then(
          ([status, body]) => {
            const text = body === undefined ? "" : JSON.stringify(body);
            response.writeHead(status, { "content-type": "application/json" }).end(text);
          },
          (error: unknown) => response.destroy(error as Error),
        );
    });
  }

  static async start(folder: string, containers: FakeContainer[]): Promise<FakeEngine> {
    const engine = new FakeEngine(join(folder, "docker.sock"), containers);
    engine.#server.listen(engine.socket);
    await once(engine.#server, "listening");
    return engine;
  }

  async #answer(words: string, body: string): Promise<[number, unknown?]> {
    if (words === "GET /containers/json") return [200, await this.#list()];
    if (words === "GET /containers/json?all=1") return [200, await this.#list({ all: true })];
    const match = /^(GET|POST) \/containers\/([^/?]+)\/(json|stop\?t=-1|start|update)$/.exec(words);
    const container = this.#containers.find(({ id }) => id === match?.[2]);
    const what = match === null ? undefined : `${match[1]} ${match[3]}`;
    if (what === undefined || !ROUTES.includes(what)) {
      this.unexpected.push(words);
      return [500, { message: "page not found" }];
    }
    if (container === undefined) return [404, { message: "No such container" }];
    const pid = await this.#pid(container);
    if (what === "GET json") return [200, await this.#details(container)];
    if (what === "POST update") return this.#update(container, body);
    if (what === "POST start") {
      if (pid !== undefined) return [304];
      await container.gateway.start();
      return [204];
    }
    if (pid === undefined) return [304];
    process.kill(pid, "SIGTERM");
    // The Engine answers when the container has ended, whoever still listens.
    while ((await this.#pid(container)) !== undefined) await delay(20);
    return [204];
  }

  /** Nothing but a restart policy is to be changed here. */
  #update(container: FakeContainer, body: string): [number, unknown] {
    const { RestartPolicy: policy, ...more } = JSON.parse(body) as { RestartPolicy: RestartPolicy };
    const known = ["no", "always", "unless-stopped", "on-failure"].includes(policy.Name);
    if (!known || !isDeepStrictEqual(more, {}) || container.autoRemove === true) {
      this.unexpected.push(body);
      return [400, { message: "invalid restart policy" }];
    }
    container.restart = policy;
    return [200, { Warnings: [] }];
  }

  async #list({ all = false } = {}): Promise<object[]> {
    const listed = await Promise.all(
      this.#containers.map(async (container) => {
        const { id, name, mounts } = container;
        const state = (await this.#pid(container)) === undefined ? "exited" : "running";
        return { Id: id, Names: [`/${name}`], Mounts: mounts, State: state };
      }),
    );
    return listed.filter(({ State }) => all || State === "running");
  }

  async #details(container: FakeContainer): Promise<object> {
    const { id, name, gateway, autoRemove, paused, health, command } = container;
    const pid = await this.#pid(container);
    return {
      Id: id,
      Name: `/${name}`,
      State: {
        Running: pid !== undefined,
        Paused: paused ?? false,
        Pid: pid ?? 0,
        ...(health !== undefined && { Health: { Status: health } }),
      },
      Config: { Cmd: command ?? ["node", "openclaw.mjs", "gateway", "run"], Entrypoint: null },
      HostConfig: {
        AutoRemove: autoRemove ?? false,
        RestartPolicy: container.restart ?? NEVER,
      },
      NetworkSettings: {
        Ports: { [`${gateway.port}/tcp`]: [{ HostIp: "127.0.0.1", HostPort: `${gateway.port}` }] },
      },
    };
  }

  /** The newest start of the stand-in, while it lives. */
  async #pid({ gateway }: FakeContainer): Promise<number | undefined> {
    const pid = (await gateway.said()).at(-1)?.pid;
    const key = pid === undefined ? undefined : await keyOf(pid);
    return key !== undefined && (await lives(key)) ? pid : undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, "close");
  }
}
