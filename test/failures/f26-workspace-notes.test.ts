import { createHash } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { expect, test } from "vitest";
import { ageWorkspaceNotes } from "../../src/openclaw/revival/workspaces.ts";
import { RestoredCopy } from "../fixtures/restored-copy.ts";

const NOW = new Date("2026-10-01T12:00:00Z");
const DAY_MS = 24 * 60 * 60 * 1000;
const hash = (path: string) => createHash("sha256").update(path).digest("hex");
const workspace = "/home/ada/.openclaw/workspace";

function note(path: string, key: string, at: number): string {
  return `
    INSERT INTO workspace_setup_state VALUES ('${key}', '${path}', 1, 'then', ${at}, ${at});
    INSERT INTO workspace_generated_bootstrap_hashes VALUES ('${key}', 'AGENTS.md', 'abc');
    INSERT INTO workspace_path_aliases VALUES ('${key}', '${path}', '${key}', '${path}', ${at});`;
}

test("F26: OpenClaw is not held to what it saw in a workspace shortly before", async () => {
  await using copy = await RestoredCopy.make();
  await mkdir(copy.at(workspace));
  copy.sql(note(workspace, hash(workspace), NOW.getTime() - 1000));
  const { done, told } = await ageWorkspaceNotes(copy, NOW);
  expect(done).toMatchObject([{ count: 1, path: copy.database }]);
  expect(told).toEqual([]);
  const [row] = copy.rows("SELECT updated_at, attested_at_ms FROM workspace_setup_state");
  expect(NOW.getTime() - Number(row?.["updated_at"])).toBeGreaterThan(DAY_MS);
  expect(NOW.getTime() - Number(row?.["attested_at_ms"])).toBeGreaterThan(DAY_MS);
  expect(copy.rows("SELECT filename FROM workspace_generated_bootstrap_hashes")).toHaveLength(1);
  expect(await ageWorkspaceNotes(copy, NOW)).toEqual({ done: [], told: [] });
});

test("F26: a workspace whose path was rewritten is known by its new path", async () => {
  await using copy = await RestoredCopy.make();
  await mkdir(copy.at(workspace));
  copy.sql(note(workspace, hash("/home/bob/.openclaw/workspace"), 1));
  await ageWorkspaceNotes(copy, NOW);
  const key = hash(workspace);
  expect(copy.rows("SELECT workspace_key FROM workspace_setup_state")).toEqual([
    { workspace_key: key },
  ]);
  expect(copy.rows("SELECT workspace_key FROM workspace_generated_bootstrap_hashes")).toEqual([
    { workspace_key: key },
  ]);
  expect(copy.rows("SELECT alias_key, workspace_key FROM workspace_path_aliases")).toEqual([
    { alias_key: key, workspace_key: key },
  ]);
});

test("F26: a workspace that is nowhere is told of", async () => {
  await using copy = await RestoredCopy.make();
  copy.sql(note("/nowhere/at/all", hash("/nowhere/at/all"), 1));
  expect((await ageWorkspaceNotes(copy, NOW)).told).toMatchObject([
    { what: "The workspace /nowhere/at/all is not there" },
  ]);
});
