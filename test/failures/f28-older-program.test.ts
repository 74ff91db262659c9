import { expect, test } from "vitest";
import { recordedRelease, versionVerdict } from "../../src/openclaw/revival/version-verdict.ts";
import { RestoredCopy } from "../fixtures/restored-copy.ts";

test("F28: a program older than what wrote the state is refused, with the version to install", async () => {
  await using copy = await RestoredCopy.make();
  expect(await recordedRelease(copy)).toBe("2026.9.6");
  for (const installed of ["2026.9.6", "2026.9.6-1", "2026.10.1", "2027.1.1-beta.1", undefined]) {
    expect(await versionVerdict(copy, installed), installed).toEqual({ ok: true });
  }
  for (const installed of ["2026.9.5", "2026.3.8", "2026.9.5-2", "2026.9.1-beta.9"]) {
    expect(await versionVerdict(copy, installed), installed).toMatchObject({
      ok: false,
      needs: "2026.9.6",
      why: expect.stringContaining(`written by OpenClaw 2026.9.6; installed is ${installed}`),
    });
  }
});

test("F28: under the same schema the release counts, of whichever file says the newest", async () => {
  await using copy = await RestoredCopy.make();
  copy.sql("UPDATE schema_meta SET app_version = '2026.9.10'");
  expect(await versionVerdict(copy, "2026.9.9")).toMatchObject({ ok: false, needs: "2026.9.10" });
  await copy.put(copy.configPath, `{ meta: { lastTouchedVersion: "2026.11.2" } }`);
  expect(await versionVerdict(copy, "2026.9.10")).toMatchObject({ ok: false, needs: "2026.11.2" });
});

test("F28: a schema that the program does not know is refused, whatever the releases say", async () => {
  await using copy = await RestoredCopy.make();
  copy.sql("DELETE FROM schema_meta; PRAGMA user_version = 19");
  expect(await versionVerdict(copy, "2026.9.6")).toMatchObject({
    ok: false,
    needs: "latest",
    why: expect.stringContaining("has schema 19; OpenClaw 2026.9.6 knows up to 18"),
  });
  expect(await versionVerdict(copy, "2026.12.1")).toEqual({ ok: true });
});

test("F28: a state that says nothing of its release is refused to nobody", async () => {
  await using copy = await RestoredCopy.make();
  await copy.put(copy.configPath, "{}");
  await copy.put(copy.database, "not a database");
  expect(await versionVerdict(copy, "2026.3.8")).toEqual({ ok: true });
});
