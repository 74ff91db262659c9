import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { CheckDocument } from "../../src/operations/documents.ts";
import { expectSameState } from "../e2e/same-state.ts";
import { resticOn, scenes } from "./scene.ts";

const scene = scenes();
const SEED = Number(process.env["CLAWBACK_TEST_SEED"] ?? Date.now() % 1_000_000);
const KILLS = 6;
const MIB = 1 << 20;

test(
  `F12 killed at any moment: nothing is left that the docs do not name (seed ${SEED})`,
  { timeout: 120_000 },
  async () => {
    const { house, made } = scene();
    house.env["TMPDIR"] = join(house.root, "tmp");
    mkdirSync(house.env["TMPDIR"]);
    for (let at = 0; at < 6; at += 1) await change(at);
    // A log beside it: the image needs room of its own while it is taken.
    using live = new DatabaseSync(house.state("workspace/big.sqlite"));
    live.exec(`PRAGMA journal_mode = wal; CREATE TABLE rows (x);
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
    INSERT INTO rows SELECT randomblob(2000) FROM n`);
    const begun = performance.now();
    await scene().backup(0);
    const duration = performance.now() - begun;
    const whole = sizeOf(house.repository);

    let killed = 0;
    const moments = fc.sample(fc.double({ min: 0.1, max: 1, noNaN: true }), {
      numRuns: KILLS,
      seed: SEED,
    });
    for (const [round, moment] of moments.entries()) {
      await change(round % 6);
      live.exec("UPDATE rows SET x = randomblob(2000) WHERE rowid % 10 = 0");
      const before = sizeOf(house.repository);
      const { code } = await house.run("backup", {
        meanwhile: async (child) => {
          await sleep(moment * duration);
          child.kill("SIGKILL");
        },
      });
      if (code === null) killed += 1;
      // What changed, once, and no more: nothing is written twice, nothing grows without end.
      expect(sizeOf(house.repository) - before).toBeLessThan(60 * MIB);
      expect(await house.json<CheckDocument>("check")).toMatchObject({ ok: true });
    }
    expect(killed).toBeGreaterThan(0);

    await scene().backup(0);
    expect(filesBelow(house.env["TMPDIR"])).toEqual([]);
    expect(
      filesBelow(join(house.root, "xdg/cache")).filter((path) => !path.endsWith(".json")),
    ).toEqual([]);
    expect(filesBelow(join(house.repository, "locks"))).toEqual([]);
    expectSameState(
      {
        ...made,
        databases: [...made.databases, "workspace/big.sqlite"],
        leftOut: [...made.leftOut, "workspace/big.sqlite-wal", "workspace/big.sqlite-shm"],
      },
      (await scene().restore()).stateDir,
    );
    // The docs name packs that no index names, and a prune takes them away: restic's does.
    const restic = resticOn(house);
    restic?.("forget", "--keep-last", "1", "--prune", "--max-unused", "0");
    if (restic === undefined) return;
    expect(await house.json<CheckDocument>("check --read-data")).toMatchObject({
      ok: true,
      unnamedPacks: 0,
    });
    expect(sizeOf(house.repository)).toBeLessThan(whole * 1.3);
  },
);

/** New content for one of six large files. */
async function change(at: number): Promise<void> {
  await scene().house.write(`media/film-${at}.mp4`, randomBytes(8 * MIB));
}

function filesBelow(directory: string): string[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name));
}

function sizeOf(directory: string): number {
  return filesBelow(directory).reduce((sum, path) => sum + statSync(path).size, 0);
}
