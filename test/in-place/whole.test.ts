import { existsSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import type { InPlaceDocument, UndoDocument } from "../../src/operations/in-place/document.ts";
import { scenes } from "./scenes.ts";

const scene = scenes();
const IN_PLACE = ["restore", "--in-place", "--yes"];

function cronJobs(path: string): string[] {
  using database = new DatabaseSync(path, { readOnly: true });
  return database
    .prepare("SELECT id FROM cron_jobs ORDER BY id")
    .all()
    .map(({ id }) => String(id));
}

test("a restore in place brings everything back, keeps what no snapshot has, and undo takes it back", async () => {
  const { house } = scene();
  await house.write("npm/node_modules/plugin/index.js", "installed");
  await scene().backup();
  const database = house.state("state/openclaw.sqlite");
  {
    using live = new DatabaseSync(database);
    live.exec("INSERT INTO cron_jobs VALUES ('later', '{}')");
  }
  await house.write("workspace/later.md", "made later");
  await house.write("workspace/SOUL.md", "changed");
  await rm(house.state("credentials"), { recursive: true });

  const planned = await house.json<InPlaceDocument>("restore --in-place --dry-run");
  const done = await house.json<InPlaceDocument>(IN_PLACE);
  expect(done.changes.removed.paths).toContain(house.state("workspace/later.md"));
  expect(done.changes.replaced.paths).toContain(house.state("workspace/SOUL.md"));
  expect(done.changes.kept.paths).toContain(house.state("npm"));
  expect(planned.changes).toEqual(done.changes);
  expect(done).toMatchObject({ verified: true, downtime: null, safetySnapshot: {} });
  expect(cronJobs(database)).toEqual(["evening", "morning"]);
  expect(existsSync(house.state("workspace/later.md"))).toBe(false);
  expect(existsSync(house.state("credentials"))).toBe(true);
  expect(await readFile(house.state("npm/node_modules/plugin/index.js"), "utf8")).toBe("installed");

  for (const state of ["before", "restored"]) {
    await house.json<UndoDocument>("undo --yes");
    expect(existsSync(house.state("workspace/later.md"))).toBe(state === "before");
    expect(cronJobs(database)).toHaveLength(state === "before" ? 3 : 2);
    expect(existsSync(house.state("npm/node_modules/plugin/index.js"))).toBe(true);
  }
});
