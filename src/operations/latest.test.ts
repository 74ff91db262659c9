import { mkdir } from "node:fs/promises";
import { hostname } from "node:os";
import { expect, test } from "vitest";
import { newRepository, temporaryFolder } from "../../test/support/archives.ts";
import { operationContext } from "../../test/support/operation-context.ts";
import { saveSnapshot } from "../snapshot/snapshots.ts";
import { resolveForHere } from "./latest.ts";
import { scopeTags } from "./snapshot-documents.ts";

const HERE = hostname();

/** Snapshots, a second apart from the oldest on, and who asks for the latest of them. */
async function shared(
  home: string,
  taken: readonly { host: string; path: string; components?: string[]; agents?: string[] }[],
) {
  const repository = await newRepository();
  const ids: string[] = [];
  for (const [i, { host, path, components = [], agents = [] }] of taken.entries()) {
    const id = await saveSnapshot(repository, {
      time: `2026-01-01T00:00:0${i}Z`,
      tree: "ab".repeat(32),
      paths: [path],
      hostname: host,
      username: "u",
      uid: 0,
      gid: 0,
      tags: scopeTags({ components, agents }),
    });
    ids.push(id);
  }
  const latest = async (instance = {}) => {
    const context = operationContext(home, { instance });
    const { snapshot, note } = await resolveForHere(context, repository, "latest");
    return { taken: ids.indexOf(snapshot.id), note };
  };
  return { repository, ids, latest };
}

test("latest is this instance's, whoever shares the repository", async () => {
  using folder = temporaryFolder();
  const own = folder.at(".openclaw");
  const { latest } = await shared(folder.path, [
    { host: HERE, path: own },
    { host: HERE, path: own, components: ["cron"] },
    { host: HERE, path: own, agents: ["main"] },
    { host: HERE, path: folder.at(".openclaw-work") },
    { host: "elsewhere", path: own },
  ]);
  // Gone, as on the worst day: it is known where it was.
  expect(await latest()).toEqual({ taken: 0, note: undefined });
  await mkdir(own);
  expect(await latest()).toEqual({ taken: 0, note: undefined });
  expect(await latest({ profile: "work" })).toEqual({ taken: 3, note: undefined });
});

test("a moment means the latest that had been taken until then", async () => {
  using folder = temporaryFolder();
  const own = folder.at(".openclaw");
  const { repository, ids } = await shared(folder.path, [
    { host: HERE, path: own },
    { host: HERE, path: own },
    { host: HERE, path: own, components: ["cron"] },
    { host: HERE, path: own },
  ]);
  const at = async (time: string) => {
    const context = operationContext(folder.path, {});
    return ids.indexOf((await resolveForHere(context, repository, new Date(time))).snapshot.id);
  };
  expect(await at("2026-01-01T00:00:01Z")).toBe(1);
  expect(await at("2026-01-01T00:00:02.500Z")).toBe(1);
  expect(await at("2026-05-01T00:00:00Z")).toBe(3);
  await expect(at("2025-12-31T00:00:00Z")).rejects.toMatchObject({
    code: "E_NO_SNAPSHOT",
    message: expect.stringContaining("2026-01-01T00:00:00.000Z"),
  });
});

test("without one it is this machine's, and then anybody's: whose, is said", async () => {
  using folder = temporaryFolder();
  const own = folder.at(".openclaw");
  const { latest, repository, ids } = await shared(folder.path, [
    { host: "attic", path: "/home/ada/.openclaw" },
    { host: HERE, path: folder.at(".openclaw-work") },
    { host: "cellar", path: own },
    { host: "cellar", path: own, components: ["config"] },
  ]);
  expect(await latest()).toEqual({
    taken: 1,
    note: expect.stringContaining(`${folder.at(".openclaw-work")} on the machine ${HERE}`),
  });
  const { latest: ofOthers } = await shared(folder.path, [
    { host: "attic", path: "/home/ada/.openclaw" },
    { host: "cellar", path: own },
  ]);
  expect(await ofOthers()).toEqual({
    taken: 1,
    note: expect.stringContaining(`${own} on the machine cellar`),
  });
  const named = await resolveForHere(operationContext(folder.path), repository, ids[3] as string);
  expect(named).toEqual({ snapshot: expect.objectContaining({ id: ids[3] }) });
});

test("none at all, or none of everything, is E_NO_SNAPSHOT", async () => {
  using folder = temporaryFolder();
  const { latest } = await shared(folder.path, []);
  await expect(latest()).rejects.toMatchObject({ code: "E_NO_SNAPSHOT" });
  const { latest: partial } = await shared(folder.path, [
    { host: HERE, path: folder.at(".openclaw"), components: ["config"] },
  ]);
  await expect(partial()).rejects.toMatchObject({ code: "E_NO_SNAPSHOT" });
});
