import { existsSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { scenes } from "./scene.ts";

const scene = scenes();
const NAMES = [
  "gateway.db",
  "cron-log.db",
  "memories",
  "workspace/shop.dat",
  "workspace/notes.txt",
  "workspace/UPPER.SQLITE3",
  "workspace/with a space.bin",
  "credentials/store",
  "plugins/mine/index.data",
  "logs/trace.log",
];

test("F8 SQLite under any name is told by its header and never copied raw", async () => {
  const { house } = scene();
  for (const name of NAMES) await house.write(name, "");
  const live = NAMES.map((name) => new DatabaseSync(house.state(name)));
  try {
    for (const [at, database] of live.entries()) {
      database.exec(`PRAGMA journal_mode = wal; PRAGMA wal_autocheckpoint = 0;
        CREATE TABLE kept (x); INSERT INTO kept VALUES (${at})`);
    }
    // A text that begins as a database does, and a database's name without a database.
    await house.write("workspace/essay.md", "SQLite format 3 is a fine format.\n");
    await house.write("workspace/list.sqlite", "milk, bread\n");
    const { databases } = await scene().backup(0);
    const copy = await scene().restore();
    for (const [at, name] of NAMES.entries()) {
      expect(databases).toContainEqual(
        expect.objectContaining({ path: house.state(name), consistent: true, tables: 1 }),
      );
      expect(existsSync(copy.state(`${name}-wal`)), name).toBe(false);
      using restored = new DatabaseSync(copy.state(name));
      expect(restored.prepare("SELECT x FROM kept").all(), name).toEqual([{ x: at }]);
    }
    expect(await copy.read("workspace/essay.md")).toContain("fine format");
    expect(await copy.read("workspace/list.sqlite")).toBe("milk, bread\n");
  } finally {
    for (const database of live) database.close();
  }
});
