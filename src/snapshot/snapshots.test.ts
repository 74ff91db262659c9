import { expect, test } from "vitest";
import { newRepository, saveTree } from "../../test/support/archives.ts";
import type { Repository } from "../repository/repository.ts";
import { encodeSnapshot } from "./snapshot-file.ts";
import { listSnapshots, loadSnapshot, resolveSnapshot } from "./snapshots.ts";

const TREE = "ab".repeat(32);
const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second));

/** As many snapshots as it takes for two ids to begin alike. */
async function twins(repository: Repository): Promise<[string, string]> {
  const seen = new Map<string, string>();
  for (let second = 0; ; second++) {
    const id = await saveTree(repository, TREE, { now: at(second) });
    const first = id.slice(0, 1);
    const twin = seen.get(first);
    if (twin !== undefined) return [twin, id];
    seen.set(first, id);
  }
}

test("oldest first, whatever the order of saving and the zone of the time", async () => {
  const repository = await newRepository();
  const late = await saveTree(repository, TREE, { now: at(30) });
  const early = await saveTree(repository, TREE, { now: at(10) });
  const base = { tree: TREE, paths: ["/"], hostname: "h", username: "u", uid: 0, gid: 0 };
  // Two hours east of Greenwich: second 20.
  const json = encodeSnapshot({ ...base, time: "2026-01-01T02:00:20.5+02:00" });
  const { name: middle } = await repository.saveUnpacked("snapshot", json);
  expect((await listSnapshots(repository)).map(({ id }) => id)).toEqual([early, middle, late]);
});

test("latest is the newest of those asked for", async () => {
  const repository = await newRepository();
  await expect(resolveSnapshot(repository, "latest")).rejects.toMatchObject({
    code: "E_NO_SNAPSHOT",
  });
  const first = await saveTree(repository, TREE, { now: at(1) });
  const second = await saveTree(repository, TREE, { now: at(2) });
  expect((await resolveSnapshot(repository, "latest")).id).toBe(second);
  expect((await resolveSnapshot(repository, "latest", ({ id }) => id !== second)).id).toBe(first);
  const none = resolveSnapshot(repository, "latest", () => false);
  await expect(none).rejects.toMatchObject({ code: "E_NO_SNAPSHOT" });
});

test("an id, its beginning, in any case", async () => {
  const repository = await newRepository();
  const [a, b] = await twins(repository);
  for (const wanted of [a, a.slice(0, 12), a.toUpperCase()]) {
    expect((await resolveSnapshot(repository, wanted)).id).toBe(a);
  }
  expect((await loadSnapshot(repository, b)).tree).toBe(TREE);
});

test("a beginning that two have is refused with both", async () => {
  const repository = await newRepository();
  const [a, b] = await twins(repository);
  const wanted = resolveSnapshot(repository, a.slice(0, 1));
  await expect(wanted).rejects.toMatchObject({
    code: "E_AMBIGUOUS_ID",
    message: expect.stringContaining(a.slice(0, 8)),
  });
  await expect(wanted).rejects.toMatchObject({ message: expect.stringContaining(b.slice(0, 8)) });
});

test.each(["", "xyz", "0123", "f".repeat(64), "f".repeat(65), "../config"])(
  "%j is no snapshot",
  async (wanted) => {
    const repository = await newRepository();
    await expect(resolveSnapshot(repository, wanted)).rejects.toMatchObject({
      code: "E_NO_SNAPSHOT",
    });
  },
);
