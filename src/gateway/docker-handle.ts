import { setTimeout as delay } from "node:timers/promises";
import { DockerEngine } from "./docker-engine.ts";
import { answers } from "./probe.ts";
import { anyLives, keyOf } from "./process-table.ts";
import type { DockerRecipe, ProcessKey } from "./recipe.ts";
import type { Progress, Stoppable } from "./stoppable.ts";

const ALIVE_MS = 5_000;
/** An Engine that refuses to stop a container says so at once. */
const REFUSAL_MS = 500;

/** A Docker container, by the Engine's API. */
export class DockerHandle implements Stoppable {
  readonly #recipe: DockerRecipe;
  readonly #engine: DockerEngine;
  #stopping: { abandon: () => void } | undefined;
  #processes: ProcessKey[];
  #startedAt = 0;

  constructor(recipe: DockerRecipe) {
    this.#recipe = recipe;
    this.#processes = recipe.processes;
    this.#engine = new DockerEngine(recipe.socket);
  }

  async askToStop(): Promise<void> {
    if (this.#startedAt > 0) await this.#lookAgain();
    const { refused, abandon } = this.#engine.stop(this.#recipe.id);
    this.#stopping = { abandon };
    const refusal = await Promise.race([refused, delay(REFUSAL_MS)]);
    if (refusal !== undefined) throw refusal;
  }

  async isGone(): Promise<boolean> {
    const { State } = await this.#engine.inspect(this.#recipe.id);
    return !State.Running && !(await anyLives(this.#processes));
  }

  async runsAgain(): Promise<boolean> {
    return (await this.#engine.inspect(this.#recipe.id)).State.Running;
  }

  async start(): Promise<void> {
    this.#stopping?.abandon();
    await this.#engine.start(this.#recipe.id);
    this.#startedAt = performance.now();
  }

  async progress(): Promise<Progress> {
    const { State } = await this.#engine.inspect(this.#recipe.id);
    if (!State.Running) return "ended";
    return (await this.#isReady(State.Health?.Status)) ? "ready" : "starting";
  }

  /** Without processes that could be seen before, the Engine's pids are another machine's. */
  async #lookAgain(): Promise<void> {
    const { State } = await this.#engine.inspect(this.#recipe.id);
    const main = this.#processes.length > 0 ? await keyOf(State.Pid) : undefined;
    if (main !== undefined) this.#processes = [main];
  }

  async #isReady(health: string | undefined): Promise<boolean> {
    const { kind, port } = this.#recipe.probe;
    if (kind === "health") return health === "healthy";
    if (kind !== "alive" && port !== undefined) return answers(port, kind);
    return performance.now() - this.#startedAt > ALIVE_MS;
  }
}
