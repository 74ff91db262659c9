import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import type { OperationContext } from "../../src/operations/context.ts";
import { finishOpenRestores } from "../../src/operations/in-place/recovery.ts";
import type { Household } from "../e2e/household.ts";
import { fingerprint } from "../lab/fingerprint.ts";
import { contextOf, restoreInPlace, undo } from "./here.ts";

const DRIVER = fileURLToPath(new URL("programs/killed-restore.ts", import.meta.url));

/** Restores in place in a process of its own. @returns how many steps it took; undefined: killed */
export function restoreKilled(house: Household, ...when: string[]): number | undefined {
  const { status, signal, stdout, stderr } = spawnSync(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", DRIVER, house.root, ...when],
    { encoding: "utf8", maxBuffer: 1 << 24 },
  );
  if (signal === "SIGKILL") return undefined;
  expect(stderr, stderr).toBe("");
  expect(status).toBe(0);
  return Number(stdout);
}

/** What an instance is before a restore in place, and after it. */
export class TwoStates {
  readonly #house: Household;
  readonly #places: readonly string[];
  readonly before: Map<string, string>;
  readonly after: Map<string, string>;

  private constructor(
    house: Household,
    places: readonly string[],
    before: Map<string, string>,
    after: Map<string, string>,
  ) {
    this.#house = house;
    this.#places = places;
    this.before = before;
    this.after = after;
  }

  /** @param places all that is replaced */
  static async of(house: Household, places: readonly string[]): Promise<TwoStates> {
    const context = contextOf(house);
    const before = await prints(places);
    await restoreInPlace(context);
    const after = await prints(places);
    expect(after).not.toEqual(before);
    await undo(context);
    expect(await prints(places)).toEqual(before);
    return new TwoStates(house, places, before, after);
  }

  /**
   * The next command finishes what was cut off: the instance is wholly what it was, or wholly
   * restored; then undo works. Afterwards all is as before.
   * @returns which of them it was
   */
  async judge(what: string): Promise<"before" | "after"> {
    const said: string[] = [];
    const context = contextOf(this.#house, { warn: (message) => said.push(message) });
    await finishOpenRestores(context, true);
    const now = await prints(this.#places);
    const isAfter = !isSame(now, this.before);
    if (isAfter) {
      expect(now, what).toEqual(this.after);
      await undo(context);
      expect(await prints(this.#places), `${what}, undone`).toEqual(this.before);
    }
    this.#nothingIsLeft(what, context);
    return isAfter ? "after" : "before";
  }

  #nothingIsLeft(what: string, context: OperationContext): void {
    const journal = join(context.places.stateDir, "journal");
    const open = existsSync(journal)
      ? readdirSync(journal).filter((name) => !name.startsWith("kept"))
      : [];
    expect(
      open.filter((name) => name.endsWith(".json")),
      what,
    ).toEqual([]);
    const stagings = readdirSync(this.#house.home).filter((name) => name.startsWith(".clawback"));
    expect(stagings.length, what).toBeLessThanOrEqual(1);
  }

  async remove(): Promise<void> {
    for (const place of this.#places) await rm(place, { recursive: true });
  }
}

async function prints(places: readonly string[]): Promise<Map<string, string>> {
  const all = new Map<string, string>();
  for (const place of places) {
    for (const [name, print] of await fingerprint(place)) {
      if (!name.includes(".clawback-restore-")) all.set(join(place, name), print);
    }
  }
  return all;
}

function isSame(a: Map<string, string>, b: Map<string, string>): boolean {
  return a.size === b.size && [...a].every(([name, print]) => b.get(name) === print);
}
