import { existsSync } from "node:fs";
import {
  mkdir,
  mkdtemp,
  readFile,
  rename,
  rm,
  symlink,
  truncate,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { RestoredCopy, root } from "../../../test/fixtures/restored-copy.ts";
import { missingPlugins } from "./missing-plugins.ts";
import { revive } from "./revive.ts";
import { versionVerdict } from "./version-verdict.ts";

const NOW = new Date("2026-10-01T12:00:00Z");
const OPTIONS = { newIdentity: false, beside: false, keepDeliveries: false, now: NOW };

test("locks and leases of the old machine go, everything else stays", async () => {
  await using copy = await RestoredCopy.make();
  const locks = [
    "agents/main/sessions/one.jsonl.lock",
    "state/openclaw.lock.sqlite",
    "gateway.pid",
    "tmp/openclaw-1000/gateway.state.lock",
    "tmp/openclaw-1000/gateway.state.lock.sqlite",
  ].map((name) => `${copy.stateDir}/${name}`);
  const others = ["agents/main/sessions/one.jsonl", "npm/a.lock", "workspace/poetry.lock"].map(
    (name) => `${copy.stateDir}/${name}`,
  );
  for (const path of [...locks, ...others]) await copy.put(path, "{}");
  copy.sql("INSERT INTO state_leases VALUES ('a', 'b', 'a process'), ('a', 'c', 'another')");
  expect(await revive(copy, OPTIONS)).toEqual({
    done: [
      {
        what: "locks and journals of the old machine removed",
        path: copy.stateDir,
        count: locks.length,
      },
      { what: "leases of the old processes ended", path: copy.database, count: 2 },
    ],
    told: [],
  });
  expect(locks.filter((path) => existsSync(copy.at(path)))).toEqual([]);
  expect(others.filter((path) => !existsSync(copy.at(path)))).toEqual([]);
  expect(await revive(copy, OPTIONS)).toEqual({ done: [], told: [] });
});

test("F25: a copy beside its original is told what both have", async () => {
  await using copy = await RestoredCopy.make();
  copy.sql(`
    INSERT INTO device_identities VALUES ('primary', 'abc');
    INSERT INTO cron_jobs VALUES ('1', 1, '{"name":"greet"}', '{}'), ('2', 0, '{}', '{}')`);
  const gateway = { port: 1, auth: { token: "a-secret-token" } };
  const channels = { telegram: { botToken: "123:a-secret" }, slack: { enabled: false } };
  await copy.put(copy.configPath, JSON.stringify({ gateway, channels }));
  await copy.put(`${copy.stateDir}/credentials/whatsapp/default/creds.json`, "{}");
  const { done, told } = await revive(copy, { ...OPTIONS, beside: true });
  expect(done).toEqual([]);
  expect(told.map(({ what }) => what)).toEqual([
    "Both are the same device, with one private key",
    "Both gateways have the same token or password",
    "Both gateways use port 1",
    `Both have the telegram account "default"`,
    `Both have the whatsapp account "default"`,
    "Both run the same cron jobs: 1",
  ]);
  expect(JSON.stringify(told)).not.toContain("secret");
});

test("F25: with an identity of its own it is another device; others stay paired", async () => {
  await using copy = await RestoredCopy.make();
  copy.sql(`
    INSERT INTO device_identities VALUES ('primary', 'abc');
    INSERT INTO device_auth_tokens VALUES ('abc', 'operator', 'token');
    INSERT INTO device_pairing_paired VALUES ('abc', 'itself'), ('def', 'a phone')`);
  await copy.put(`${copy.stateDir}/identity/device.json`, "{}");
  const { done, told } = await revive(copy, { ...OPTIONS, newIdentity: true, beside: true });
  expect(done.map(({ path, count }) => [path, count])).toEqual([
    [copy.database, 2],
    [`${copy.stateDir}/identity/device.json`, 1],
  ]);
  expect(told.some(({ what }) => what.includes("same device"))).toBe(false);
  expect(copy.rows("SELECT device_id FROM device_pairing_paired")).toEqual([{ device_id: "def" }]);
});

test("jobs that fell due in the meantime are told of before they all run at once", async () => {
  await using copy = await RestoredCopy.make();
  const job = (id: string, kind: string, next: number) =>
    `('${id}', 1, '{"name":"${id}","schedule":{"kind":"${kind}"}}', '{"nextRunAtMs":${next}}')`;
  const before = NOW.getTime() - 1;
  copy.sql(`INSERT INTO cron_jobs VALUES ${job("greet", "cron", before)},
    ${job("later", "cron", NOW.getTime() + 1)}, ${job("wedding", "at", before)}`);
  const first = await revive(copy, OPTIONS);
  expect(first.told).toMatchObject([
    { what: `1 cron job missed a turn since the snapshot: "greet"` },
    { what: `1 job for one time only fell due since the snapshot: "wedding"` },
  ]);
  await copy.put(copy.configPath, `{ cron: { skipMissedJobs: true } }`);
  expect((await revive(copy, OPTIONS)).told).toHaveLength(1);
});

test("a service definition of the old machine is told of", async () => {
  await using copy = await RestoredCopy.make();
  const unit = "/home/ada/.config/systemd/user/openclaw-gateway.service";
  copy.roots.push(root("service", unit, false));
  expect((await revive(copy, OPTIONS)).told).toEqual([]);
  await copy.put(unit, "[Service]\n");
  expect((await revive(copy, OPTIONS)).told).toMatchObject([
    { command: ["openclaw", "gateway", "install", "--force"] },
  ]);
});

test("a link that leads to the original is not followed", async () => {
  await using original = await RestoredCopy.make();
  await using copy = await RestoredCopy.make();
  original.sql("INSERT INTO device_identities VALUES ('primary', 'abc')");
  await rm(copy.at(`${copy.stateDir}/state`), { recursive: true });
  await symlink(original.at(`${copy.stateDir}/state`), copy.at(`${copy.stateDir}/state`));
  const { done } = await revive(copy, { ...OPTIONS, newIdentity: true });
  expect(done).toEqual([]);
  expect(original.rows("SELECT device_id FROM device_identities")).toHaveLength(1);
});

test("a link that leads to another part of the copy is followed there", async () => {
  await using copy = await RestoredCopy.make();
  const volume = "/srv/volume/state";
  copy.roots.push(root("linked", volume));
  copy.sql("INSERT INTO device_identities VALUES ('primary', 'abc')");
  await mkdir(copy.at("/srv/volume"), { recursive: true });
  await rename(copy.at(`${copy.stateDir}/state`), copy.at(volume));
  await symlink(volume, copy.at(`${copy.stateDir}/state`));
  const { done } = await revive(copy, { ...OPTIONS, newIdentity: true });
  expect(done).toMatchObject([{ path: copy.database, count: 1 }]);
});

test("a name that is not UTF-8 stops nothing", async () => {
  await using copy = await RestoredCopy.make();
  const directory = Buffer.concat([
    Buffer.from(`${copy.at(copy.stateDir)}/agents/`),
    Buffer.of(255),
  ]);
  await mkdir(directory, { recursive: true });
  expect(await revive(copy, OPTIONS)).toEqual({ done: [], told: [] });
});

test("a damaged state database is told of, and all else is done", async () => {
  await using copy = await RestoredCopy.make();
  const lock = `${copy.stateDir}/gateway.pid`;
  await copy.put(lock, "1");
  await truncate(copy.at(copy.database), 200);
  const { done, told } = await revive(copy, { ...OPTIONS, newIdentity: true, beside: true });
  expect(done).toMatchObject([{ count: 1 }]);
  expect(existsSync(copy.at(lock))).toBe(false);
  const damage = told.filter(({ what }) => what.includes("is damaged: "));
  expect(damage.length).toBeGreaterThan(3);
  expect(await missingPlugins(copy)).toEqual([]);
});

test("a journal that is left as it is stays so, whatever else is to be done", async () => {
  await using copy = await RestoredCopy.make();
  const journal = `${copy.at(copy.database)}-journal`;
  // Ends as one does that names a super-journal.
  const content = Buffer.concat([Buffer.alloc(1016, 0xd9), Buffer.from("d9d505f920a163d7", "hex")]);
  await writeFile(journal, content);
  const { told } = await revive(copy, { ...OPTIONS, newIdentity: true });
  expect(told.map(({ what }) => what).join()).toContain("are left as they are");
  expect(await readFile(journal)).toEqual(content);
});

test("a link of the copy is not followed into the original", async () => {
  await using copy = await RestoredCopy.make();
  const original = await mkdtemp(join(tmpdir(), "clawback-original-"));
  const job = { name: "its own", schedule: { kind: "cron" }, state: { nextRunAtMs: 1 } };
  await writeFile(join(original, "jobs.json"), JSON.stringify({ jobs: [job] }));
  await writeFile(join(original, "c.json"), `{"meta":{"lastTouchedVersion":"2099.1.1"}}`);
  await mkdir(copy.at(`${copy.stateDir}/cron`), { recursive: true });
  await symlink(join(original, "jobs.json"), copy.at(`${copy.stateDir}/cron/jobs.json`));
  await rm(copy.at(copy.configPath));
  await symlink(join(original, "c.json"), copy.at(copy.configPath));
  expect(await revive(copy, OPTIONS)).toEqual({ done: [], told: [] });
  expect(await versionVerdict(copy, "2026.9.6")).toEqual({ ok: true });
  await rm(original, { recursive: true });
});
