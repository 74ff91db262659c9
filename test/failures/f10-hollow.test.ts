import { readFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import type { BackupDocument, InspectDocument } from "../../src/operations/documents.ts";
import { scenes } from "./scene.ts";

const scene = scenes();

/** What `inspect` warns of, risks included. */
async function risks(): Promise<string> {
  const { warnings, ...rest } = await scene().house.json<InspectDocument & { risks?: unknown }>(
    "inspect",
  );
  return JSON.stringify([warnings, rest.risks]);
}

async function warnings(): Promise<string> {
  const { house } = scene();
  return (await house.json<BackupDocument>("backup")).warnings.join("\n");
}

test.each([
  ["of zero bytes", ""],
  ["without a table", "CREATE TABLE gone (x); DROP TABLE gone"],
])("F10 a database %s where memory or sessions should be is loud", async (_what, sql) => {
  const { house, made } = scene();
  const hollow = [
    "agents/clawd/agent/openclaw-agent.sqlite",
    "memory/main.sqlite",
    "state/openclaw.sqlite",
  ].map((path) => house.state(path));
  const [healthy, safe] = [await warnings(), await risks()];
  for (const path of made.databases) {
    expect(healthy).not.toContain(house.state(path));
    expect(safe).not.toContain(house.state(path));
  }
  for (const path of hollow) {
    await house.write(path.slice(house.stateDir.length), "");
    if (sql === "") continue;
    using database = new DatabaseSync(path);
    database.exec(sql);
  }

  const said = await warnings();
  const shown = (await house.run("backup")).stdout;
  const inspected = await risks();
  for (const path of hollow) {
    expect(said).toContain(path);
    expect(inspected).toContain(path);
    expect(shown).toContain(path);
  }
  // Kept all the same: a snapshot is no judge of what there was.
  const copy = await scene().restore();
  for (const path of hollow) {
    if (sql === "") expect(readFileSync(copy.at(path))).toHaveLength(0);
    else expect(readFileSync(copy.at(path)).subarray(0, 15).toString()).toBe("SQLite format 3");
  }
});
