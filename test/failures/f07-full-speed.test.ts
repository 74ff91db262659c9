import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { start } from "./program.ts";
import { scenes } from "./scene.ts";

const scene = scenes();
const BOUND_MS = 20_000;

test.each([
  ["with a write-ahead log", "wal"],
  ["with a rollback journal", "delete"],
])(
  "F7 a database written at full speed, %s: the backup ends, with one commit",
  async (_how, mode) => {
    const { house } = scene();
    const path = house.state("workspace/bank.sqlite");
    await using _ = await start("bank", path, mode);
    for (let round = 0; round < 2; round += 1) {
      const begun = performance.now();
      const taken = await scene().backup(0);
      expect(performance.now() - begun).toBeLessThan(BOUND_MS);
      expect(taken.databases).toContainEqual(expect.objectContaining({ path, consistent: true }));
      const copy = await scene().restore();
      using bank = new DatabaseSync(copy.at(path));
      const one = (sql: string) => Object.values(bank.prepare(sql).get() ?? {})[0];
      expect(one("PRAGMA integrity_check")).toBe("ok");
      expect(one("SELECT sum(balance) FROM accounts")).toBe(20_000_000);
      expect(one("SELECT count(*) FROM moves")).toBe(one("SELECT moves FROM total"));
      expect(one("SELECT moves FROM total")).toBeGreaterThanOrEqual(1000);
    }
  },
);
