import { expect, test } from "vitest";
import type { CheckDocument, SnapshotDocument } from "../../src/operations/documents.ts";
import type { DrillDocument } from "../../src/operations/drill/document.ts";
import { Repository } from "../../src/repository/repository.ts";
import { LocalStorage } from "../../src/storage/local.ts";
import { REWRITTEN } from "../drill/damages.ts";
import { rewriteSnapshot } from "../drill/rewriting.ts";
import { PASSWORD } from "../e2e/household.ts";
import { scenes } from "./scene.ts";

const scene = scenes();

test("F20: what every check calls whole and cannot be used fails its drill", async () => {
  const { house, made } = scene();
  const { snapshot } = await scene().backup();
  const damage = REWRITTEN.find(({ way }) => way === "a page of a database zeroed");
  const repository = await Repository.open(new LocalStorage(house.repository), [PASSWORD]);
  const id = await rewriteSnapshot(repository, snapshot?.id ?? "", damage?.edits?.({ made }) ?? []);

  // Every hash is right, for us as for restic, which the scene asks at its end.
  expect(await house.json<CheckDocument>("check --read-data")).toMatchObject({ ok: true });
  const failed = await house.json<DrillDocument>(`drill ${id} --level content`, 21);
  expect(failed).toMatchObject({ ok: false, verdict: "failed", level: "content" });
  const wrong = failed.checks.filter(({ ok }) => ok === false).map(({ name }) => name);
  expect(wrong).toEqual(expect.arrayContaining(["digest", "databases"]));

  const proven = await house.json<DrillDocument>(`drill ${snapshot?.id} --level content`);
  expect(proven).toMatchObject({ ok: true, verdict: "proven", level: "content", reasons: [] });
  const shown = await house.json<SnapshotDocument[]>("snapshots");
  const verdicts = shown.map((each) => [each.id, each.proof?.verdict]);
  expect(new Map(verdicts as [string, string][])).toEqual(
    new Map([
      [snapshot?.id, "proven"],
      [id, "failed"],
    ]),
  );
  const { stdout } = await house.run("snapshots");
  expect(stdout).toMatch(/proven \(content\) just now/);
  expect(stdout).toMatch(/failed \(content\) just now/);
});

test("F20: a backup is drilled as soon as it is taken, when asked to", async () => {
  const { house } = scene();
  const taken = await house.json<{ drill: DrillDocument }>("backup --verify");
  expect(taken.drill).toMatchObject({ ok: true });
  expect(taken.drill.checks.find(({ name }) => name === "files")).toMatchObject({ ok: true });
  const { stdout, code } = await house.run("drill --boot");
  if (/no OpenClaw on this machine/.test(stdout)) expect(code).toBe(3);
});
