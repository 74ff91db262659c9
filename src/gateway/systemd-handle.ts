import { answers } from "./probe.ts";
import { anyLives, keyOf } from "./process-table.ts";
import type { ProcessKey, SystemdRecipe } from "./recipe.ts";
import type { Progress, Stoppable } from "./stoppable.ts";
import { systemctl, unitState } from "./systemd.ts";

const ALIVE_MS = 5_000;

/** A systemd unit. How long it may take to end before it is killed is the unit's own setting. */
export class SystemdHandle implements Stoppable {
  readonly #recipe: SystemdRecipe;
  #processes: ProcessKey[];
  #startedAt = 0;

  constructor(recipe: SystemdRecipe) {
    this.#recipe = recipe;
    this.#processes = recipe.processes;
  }

  async askToStop(): Promise<void> {
    const { mainPid = 0 } = (await unitState(this.#recipe)) ?? {};
    const main = mainPid > 0 ? await keyOf(mainPid) : undefined;
    if (main !== undefined) this.#processes = [...this.#processes, main];
    await systemctl(this.#recipe, ["stop", "--no-block"]);
  }

  async isGone(): Promise<boolean> {
    if (await anyLives(this.#processes)) return false;
    const state = await unitState(this.#recipe);
    return state?.active === "inactive" || state?.active === "failed";
  }

  async runsAgain(): Promise<boolean> {
    const state = await unitState(this.#recipe);
    return state?.active === "active" || state?.active === "activating";
  }

  async start(): Promise<void> {
    await systemctl(this.#recipe, ["start", "--no-block"]);
    this.#startedAt = performance.now();
  }

  async progress(): Promise<Progress> {
    const state = await unitState(this.#recipe);
    if (state?.active === "failed" || state?.active === "inactive") {
      // A unit stays inactive for a moment when its start is only queued.
      return performance.now() - this.#startedAt > ALIVE_MS ? "ended" : "starting";
    }
    if (state?.active !== "active") return "starting";
    const { kind, port } = this.#recipe.probe;
    const ready =
      (kind === "readyz" || kind === "healthz") && port !== undefined
        ? await answers(port, kind)
        : performance.now() - this.#startedAt > ALIVE_MS;
    return ready ? "ready" : "starting";
  }
}
