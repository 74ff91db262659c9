import { closeSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test, vi } from "vitest";
import { copyWithLog } from "./logged-copy.ts";

/** What happens between reading the log and copying, once. */
let meanwhile: (() => void) | undefined;

vi.mock("./copy.ts", async (original) => {
  const real = await original<typeof import("./copy.ts")>();
  const copyDatabase: typeof real.copyDatabase = (...given) => {
    meanwhile?.();
    meanwhile = undefined;
    return real.copyDatabase(...given);
  };
  return { ...real, copyDatabase };
});

test("copies again when the log was started anew meanwhile", () => {
  const directory = mkdtempSync(join(tmpdir(), "clawback-logged-"));
  const path = join(directory, "a.db");
  const image = join(directory, "image");
  const gateway = new DatabaseSync(path);
  gateway.exec(`pragma journal_mode=wal; pragma wal_autocheckpoint=0; create table t(a, b);
    with recursive c(i) as (select 1 union all select i+1 from c where i < 400)
    insert into t select i, randomblob(900) from c; pragma wal_checkpoint(passive)`);
  // The next commit overwrites the log, whose frames are all in the main file, from its start.
  meanwhile = () => gateway.exec("update t set a = -a, b = randomblob(900) where a > 300");
  const mainFd = openSync(path, "r");
  const walFd = openSync(`${path}-wal`, "r");
  try {
    expect(copyWithLog(mainFd, walFd, image).steady).toBe(true);
    const copy = new DatabaseSync(image);
    expect(copy.prepare("pragma integrity_check").get()).toEqual({ integrity_check: "ok" });
    expect(copy.prepare("select sum(a) as a from t").get()).toEqual(
      gateway.prepare("select sum(a) as a from t").get(),
    );
    copy.close();
  } finally {
    closeSync(mainFd);
    closeSync(walFd);
    gateway.close();
    rmSync(directory, { recursive: true });
  }
});
