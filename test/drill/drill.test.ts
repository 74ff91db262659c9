import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { diff } from "../../src/operations/diff.ts";
import { find } from "../../src/operations/find.ts";
import { ls } from "../../src/operations/ls.ts";
import { check } from "../../src/operations/check.ts";
import { snapshots } from "../../src/operations/snapshots.ts";
import { recoveryKit } from "../../src/operations/recovery-kit.ts";
import { drillOpen } from "../../src/operations/drill/drill.ts";
import { Ledger } from "../../src/operations/drill/ledger.ts";
import { checkUntouched, fingerprintLive } from "../../src/operations/drill/live-fingerprint.ts";
import { verdictsOf } from "../../src/operations/drill/record.ts";
import { underLock } from "../../src/operations/with-repository.ts";
import { Repository } from "../../src/repository/repository.ts";
import { listSnapshots } from "../../src/snapshot/snapshots.ts";
import { LocalStorage } from "../../src/storage/local.ts";
import { makeLayoutC } from "../fixtures/instances.ts";
import { Restic } from "../interop/restic.ts";
import { peerTest, resticVersions } from "../peers/peers.ts";
import { AppendOnlyStorage } from "./append-only.ts";
import { REWRITTEN } from "./damages.ts";
import { complaints, DrillPlace, PASSWORD } from "./place.ts";
import type { Edit } from "./rewriting.ts";

let place: DrillPlace;
let taken: string;

beforeAll(async () => {
  place = await DrillPlace.create();
  // What a drill has to be able to remove again, by whoever runs it.
  await mkdir(place.state("workspace/sealed"));
  await chmod(place.state("workspace/sealed"), 0o500);
  taken = (await place.backup()).snapshot?.id ?? "";
});
afterAll(async () => {
  await chmod(place.state("workspace/sealed"), 0o700);
  await place[Symbol.asyncDispose]();
});

const all = { tags: [] };

function edits(damage: string, at: DrillPlace): Edit[] {
  return REWRITTEN.find(({ way }) => way === damage)?.edits?.(at) ?? [];
}

test("a sound snapshot is proven, and nothing of the drill stays", async () => {
  const result = await place.drill();
  expect(complaints(result)).toEqual([]);
  expect(result).toMatchObject({ ok: true, verdict: "proven", level: "content", reasons: [] });
  expect(result.snapshot.id).toBe(taken);
  expect(await place.leftovers()).toEqual([]);
  const [seen] = await snapshots(place.context, all);
  expect(seen?.proof).toMatchObject({ verdict: "proven", level: "content", host: hostname() });
  const history = await readFile(join(place.context.places.stateDir, "history.jsonl"), "utf8");
  expect(JSON.parse(history.trim().split("\n").at(-1) ?? "")).toMatchObject({
    event: "drill",
    snapshot: taken,
    verdict: "proven",
    reasons: [],
  });
});

test("a level that was not asked for is not gone to", async () => {
  const result = await place.drill("structure");
  expect(result).toMatchObject({ verdict: "partly proven", level: "structure" });
  expect(new Set(result.checks.map(({ level }) => level))).toEqual(new Set(["structure"]));
});

test("without OpenClaw a drill goes as far as it can, and says so", async () => {
  const result = await place.drill("boot");
  expect(result).toMatchObject({ ok: true, verdict: "partly proven", level: "content" });
  expect(result.wanted).toBe("boot");
  expect(result.reasons.join()).toMatch(/no OpenClaw on this machine.*--fetch/);
});

test("whatever lists, compares or follows snapshots passes the records by", async () => {
  await place.drill("structure");
  const repository = await place.open();
  const everything = await listSnapshots(repository);
  expect(everything.length).toBeGreaterThan(1);
  const records = everything.filter(({ id }) => id !== taken);
  expect(records.every(({ tags }) => tags?.includes(`clawback:of=${taken}`))).toBe(true);
  expect(await snapshots(place.context, all)).toHaveLength(1);
  expect(
    (await ls(place.context, { snapshot: "latest", path: "/", recursive: false })).snapshot.id,
  ).toBe(taken);
  const found = { pattern: "drill.json", snapshots: [], ignoreCase: false };
  expect((await find(place.context, found)).matches).toEqual([]);
  expect((await diff(place.context, { from: taken, to: "latest" })).changes).toEqual([]);
  expect(await check(place.context, { readDataShare: 1 })).toMatchObject({
    ok: true,
    snapshots: 1,
  });
  expect((await recoveryKit(place.context, repository)).commands.join()).toContain(
    `--path ${place.made.stateDir} `,
  );
});

test("the newest verdict is shown, and none is lost", async () => {
  const id = await place.rewrite(taken, edits("a token edited", place));
  const first = await place.drill("structure", id);
  const second = await place.drill("content", id);
  expect([first.verdict, second.verdict]).toEqual(["partly proven", "failed"]);
  expect(second.reasons.join()).toContain("it was changed after it was taken");
  const shown = (await snapshots(place.context, all)).find((each) => each.id === id);
  expect(shown?.proof).toMatchObject({ verdict: "failed", level: "content" });
  const kept = (await verdictsOf(await place.open())).get(id);
  expect(kept?.map(({ verdict }) => verdict)).toEqual(["partly proven", "failed"]);
});

test("what is damaged does not come along into the next snapshot", async () => {
  await using own = await DrillPlace.create();
  const sound = (await own.backup()).snapshot?.id ?? "";
  await own.rewrite(sound, edits("a token edited", own));
  await own.forget(sound);
  const healed = (await own.backup()).snapshot?.id ?? "";
  expect(own.warnings.join()).toMatch(/reading everything anew.*was changed after it was taken/);
  expect(await own.drill("content", healed)).toMatchObject({ verdict: "proven" });
  const gone = await own.rewrite(healed, edits("the manifest gone", own));
  await own.forget(healed);
  expect(await own.drill("content", gone)).toMatchObject({ verdict: "failed" });
  own.warnings.length = 0;
  const last = await own.backup();
  expect(own.warnings.join()).toMatch(/reading everything anew.*failed its drill/);
  expect(await own.drill("content", last.snapshot?.id)).toMatchObject({ verdict: "proven" });
});

test("a storage that refuses every delete and overwrite takes the verdict", async () => {
  const storage = new AppendOnlyStorage(new LocalStorage(place.context.location));
  const repository = await Repository.open(storage, [PASSWORD]);
  const options = { snapshot: taken, level: "content", fetch: false, sandbox: undefined } as const;
  const result = await underLock(place.context, repository, "read", (session) =>
    drillOpen(place.context, session, options),
  );
  expect(result).toMatchObject({ verdict: "proven" });
  expect(result.record?.id).toMatch(/^[0-9a-f]{64}$/);
  expect(new Set(storage.refused)).toEqual(new Set(["remove lock"]));
  expect(place.warnings.join()).toContain("the storage lets nothing be removed");
  // Another machine, which knows nothing but the repository.
  await using other = await DrillPlace.create({ location: place.context.location }, false);
  const seen = (await snapshots(other.context, all)).find(({ id }) => id === taken);
  expect(seen?.proof).toMatchObject({ verdict: "proven", level: "content" });
  // The lock that had to stay keeps nobody out.
  expect(await place.drill("structure", taken)).toMatchObject({ ok: true });
});

for (const restic of resticVersions) {
  peerTest(
    `${restic.name} takes records for snapshots, and never for the latest of the instance`,
    restic,
    (program) => {
      const stock = new Restic(program, place.root);
      const env = { RESTIC_PASSWORD: PASSWORD, RESTIC_REPOSITORY: place.context.location };
      const said = (...words: string[]) => stock.runWith(env, "--no-lock", ...words).toString();
      expect(said("check", "--read-data")).toContain("no errors were found");
      const listed = JSON.parse(said("snapshots", "--json", "--tag", "clawback:drill")) as object[];
      expect(listed.length).toBeGreaterThan(1);
      const latest = said("ls", "latest", "--path", place.made.stateDir, "--json");
      expect(latest).toContain("openclaw.json");
    },
  );
}

const withManifest = (text: (manifest: Record<string, unknown>) => string): Edit[] => [
  {
    path: "/.clawback/manifest.json",
    change: async (node, { read, filled }) => {
      if (node === undefined) throw new Error("it has no manifest");
      const manifest = JSON.parse((await read(node)).toString()) as Record<string, unknown>;
      return filled(node, Buffer.from(text(manifest)));
    },
  },
];

test("a manifest that is none makes a drill fail, and stops no backup", async () => {
  await using own = await DrillPlace.create();
  const sound = (await own.backup()).snapshot?.id ?? "";
  for (const text of ["null", `{"version":1}`]) {
    const id = await own.rewrite(
      sound,
      withManifest(() => text),
    );
    expect(await own.drill("content", id)).toMatchObject({ verdict: "failed" });
  }
  await own.rewrite(
    sound,
    withManifest(() => "null"),
  );
  await own.forget(sound);
  expect((await own.backup()).errors).toEqual([]);
});

test("a manifest of Clawback 0.1 is understood", async () => {
  const id = await place.rewrite(
    taken,
    withManifest((manifest) => {
      const later = ["agents", "moment", "damaged", "digest", "excludes"];
      return JSON.stringify(manifest, (key, value: unknown) => {
        return later.includes(key) ? undefined : value;
      });
    }),
  );
  const result = await place.drill("content", id);
  expect(complaints(result)).toEqual(["digest"]);
  await place.forget(id);
});

test("a drill that went less deep does not take back a failure", async () => {
  await using own = await DrillPlace.create();
  const sound = (await own.backup()).snapshot?.id ?? "";
  const id = await own.rewrite(sound, edits("a database cut in half", own));
  await own.forget(sound);
  expect(await own.drill("content", id)).toMatchObject({ verdict: "failed" });
  await own.drill("structure", id);
  const [shown] = await snapshots(own.context, all);
  expect(shown?.proof).toMatchObject({ verdict: "failed", level: "content" });
});

test("the record of a drill is not drilled", async () => {
  const { record } = await place.drill("structure");
  await expect(place.drill("structure", record?.id)).rejects.toMatchObject({
    code: "E_NO_SNAPSHOT",
  });
});

test("a snapshot of an empty instance is not called proven", async () => {
  await using own = await DrillPlace.create();
  await rm(own.made.stateDir, { recursive: true });
  await mkdir(own.made.stateDir);
  await writeFile(own.state("openclaw.json"), "{}");
  await own.backup();
  const result = await own.drill();
  expect(complaints(result)).toEqual(["substance"]);
  expect(result.verdict).toBe("partly proven");
});

test("a state directory with a # in its name has a manifest of its own", async () => {
  const home = await mkdtemp(join(tmpdir(), "clawback-drill-"));
  const env = { OPENCLAW_STATE_DIR: join(home, "claw#1") };
  await makeLayoutC(env.OPENCLAW_STATE_DIR);
  await using own = await DrillPlace.create({ env });
  await own.backup();
  expect(complaints(await own.drill())).toEqual([]);
  await rm(home, { recursive: true });
});

test("links of a snapshot are not followed into the live instance", async () => {
  await using own = await DrillPlace.create();
  const elsewhere = join(own.context.home, "dotfiles.json");
  const channels = (channel: string) => JSON.stringify({ channels: { [channel]: {} } });
  await writeFile(elsewhere, channels("telegram"));
  await rm(own.state("openclaw.json"));
  await symlink(elsewhere, own.state("openclaw.json"));
  await own.backup();
  await writeFile(elsewhere, channels("slack"));
  const names = (await own.drill()).channels.map(({ channel }) => channel);
  expect(names).toContain("telegram");
  expect(names).not.toContain("slack");
});

test("a directory of the live instance may go while it is looked at", async () => {
  await using own = await DrillPlace.create();
  const live = await fingerprintLive(own.context);
  const end = new AbortController();
  const churn = (async () => {
    while (!end.signal.aborted) {
      const names = Array.from({ length: 20 }, (_, index) => `workspace/passing/${index}/deep`);
      for (const name of names) await mkdir(own.state(name), { recursive: true });
      await rm(own.state("workspace/passing"), { recursive: true, maxRetries: 3 });
    }
  })();
  const ledger = new Ledger();
  for (let times = 0; times < 8; times++) await checkUntouched(own.context, live, ledger);
  end.abort();
  await churn;
  expect(ledger.failed).toBe(false);
});
