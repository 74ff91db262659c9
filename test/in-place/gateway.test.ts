import { existsSync } from "node:fs";
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { backup } from "../../src/operations/backup.ts";
import type { OperationContext } from "../../src/operations/context.ts";
import { Household } from "../e2e/household.ts";
import { makeLayoutA } from "../fixtures/instances.ts";
import { StandIn } from "../gateway/stand-in.ts";
import { contextAt, restoreInPlace, undo } from "./here.ts";

const TIMEOUT_MS = 60_000;
let house: Household;

beforeAll(async () => {
  house = await Household.withRepository(makeLayoutA);
});
afterAll(() => house[Symbol.asyncDispose]());

/** A stand-in that cannot start while `workspace/broken` is there, as it is in its snapshot if asked. */
async function scene(isBroken: boolean): Promise<{ standIn: StandIn; context: OperationContext }> {
  const standIn = await StandIn.create();
  const broken = join(standIn.stateDir, "workspace/broken");
  standIn.env["BROKEN"] = broken;
  await mkdir(dirname(broken));
  await writeFile(join(standIn.stateDir, "workspace/SOUL.md"), "who I am");
  if (isBroken) await writeFile(broken, "");
  const context = contextAt(standIn.root, join(standIn.root, "home"), house.repository);
  await backup(context, {
    components: [],
    agents: [],
    exclude: [],
    tags: [],
    verify: false,
    gateway: "keep-running",
    dryRun: false,
  });
  await rm(broken, { force: true });
  await writeFile(join(standIn.stateDir, "workspace/later.md"), "later");
  await standIn.start();
  return { standIn, context };
}

test(
  "the gateway is stopped for the exchange alone, and runs again",
  async () => {
    const { standIn, context } = await scene(false);
    await using _ = standIn;
    const first = await standIn.running();
    const done = await restoreInPlace(context);
    expect(done.downtime).toBeGreaterThan(0);
    expect(done.downtime).toBeLessThan(done.duration);
    expect(existsSync(join(standIn.stateDir, "workspace/later.md"))).toBe(false);
    const second = await standIn.running();
    expect(second).toBeDefined();
    expect(second).not.toEqual(first);
    await undo(context);
    expect(existsSync(join(standIn.stateDir, "workspace/later.md"))).toBe(true);
    expect(await standIn.running()).toBeDefined();
    await restoreInPlace(context, { start: false });
    expect(await standIn.running()).toBeUndefined();
  },
  TIMEOUT_MS,
);

test(
  "a gateway that is not well with what was restored: everything is taken back, and it runs as before",
  async () => {
    const { standIn, context } = await scene(true);
    await using _ = standIn;
    await expect(restoreInPlace(context)).rejects.toMatchObject({ code: "E_GATEWAY" });
    expect(existsSync(join(standIn.stateDir, "workspace/later.md"))).toBe(true);
    expect(existsSync(join(standIn.stateDir, "workspace/broken"))).toBe(false);
    expect(await standIn.running()).toBeDefined();
    const names = await readdir(join(standIn.root, "home"));
    expect(names.filter((name) => name.startsWith(".clawback"))).toEqual([]);
  },
  TIMEOUT_MS,
);
