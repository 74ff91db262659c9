import { existsSync } from "node:fs";
import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { InitDocument, InspectDocument } from "../../src/operations/documents.ts";
import { expectSameState } from "../e2e/same-state.ts";
import { scenes } from "./scene.ts";

const scene = scenes();

describe("refused, and nothing is made", () => {
  test.each([
    ["in the state directory", ".openclaw/backups"],
    ["the state directory itself", ".openclaw"],
    ["deep in a workspace", ".openclaw/workspace/a/b/c"],
    ["through a link", "link/backups"],
    ["through a link to a link, and back up", "second/workspace/../backups"],
    ["in a workspace elsewhere", "elsewhere/backups"],
    ["through a link to a workspace elsewhere", "third/backups"],
  ])("F18 the repository is %s", async (_where, place) => {
    const { house } = scene();
    await mkdir(join(house.home, "elsewhere"));
    await symlink(house.stateDir, join(house.home, "link"));
    await symlink("link", join(house.home, "second"));
    await symlink("elsewhere", join(house.home, "third"));
    const workspace = { agents: { defaults: { workspace: join(house.home, "elsewhere") } } };
    await house.write("openclaw.json", JSON.stringify(workspace));
    const before = await house.paths(house.home);
    const env = { CLAWBACK_REPO: `${house.home}/${place}` };
    for (const words of ["init", "backup"]) {
      await house.expectFailure(
        words,
        { exit: 1, code: "E_REPO_INSIDE_SOURCE", hint: /--repo/u },
        { env },
      );
    }
    expect(await house.paths(house.home)).toEqual(before);
  });
});

test("F18 the repository beside the state directory, with a name that begins as its: taken", async () => {
  const { house, made } = scene();
  const env = { CLAWBACK_REPO: `${house.stateDir}-backups` };
  await house.json<InitDocument>("init", 0, { env });
  const target = house.newTarget();
  await house.json(["restore", "--target", target], 0, { env });
  expectSameState(made, join(target, house.stateDir));
  expect(existsSync(join(target, env.CLAWBACK_REPO))).toBe(false);
});

test("F18 the repository is on the same disk: warned about", async () => {
  const { house } = scene();
  const env = { CLAWBACK_REPO: join(house.root, "disk/second") };
  const { warnings } = await house.json<InitDocument>("init --no-backup", 0, { env });
  expect(warnings.join("\n")).toContain("same disk");
  const inspected = await house.json<InspectDocument & { risks?: unknown }>("inspect");
  expect(JSON.stringify([inspected.warnings, inspected.risks])).toContain("same disk");
});
