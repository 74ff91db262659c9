import { readdir, readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { revive } from "../../src/openclaw/revival/revive.ts";
import { RestoredCopy } from "../fixtures/restored-copy.ts";

const OPTIONS = {
  newIdentity: false,
  beside: false,
  keepDeliveries: false,
  now: new Date("2026-10-01T12:00:00Z"),
};

async function waiting(): Promise<RestoredCopy> {
  const copy = await RestoredCopy.make();
  copy.sql(`
    INSERT INTO delivery_queue_entries VALUES
      ('outbound-prepared-v1', 'sent', 'completed', NULL, '{}'),
      ('outbound-prepared-v1', 'waiting', 'pending', NULL, '{"text":"the gate is open"}'),
      ('outbound-prepared-v1', 'given-up', 'failed', NULL, '{}'),
      ('session', 'unsettled', 'failed', 'settlement_pending', '{}');
    INSERT INTO gateway_restart_sentinel VALUES ('current', '{"message":"back again"}');
    INSERT INTO channel_ingress_events VALUES ('q', 'in', 'claimed'), ('q', 'old', 'completed')`);
  await copy.put(`${copy.stateDir}/delivery-queue/1.json`, `{"text":"an older release's"}`);
  await copy.put(`${copy.stateDir}/delivery-queue/2.delivered`, "");
  return copy;
}

test("F31: what was waiting to be sent is put aside, unsent and unlost", async () => {
  await using copy = await waiting();
  const { done, told } = await revive(copy, OPTIONS);
  const path = `${copy.stateDir}/clawback-unsent-2026-10-01T12-00-00-000Z.jsonl`;
  expect(done).toEqual([
    { what: "messages that were waiting put aside, unsent", path, count: 3 },
    {
      what: "messages that were waiting put among the failed, unsent",
      path: `${copy.stateDir}/delivery-queue/failed`,
      count: 1,
    },
  ]);
  expect(told).toMatchObject([{ what: expect.stringMatching(/^1 incoming messages/) }]);
  const lines = (await readFile(copy.at(path), "utf8")).trim().split("\n");
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { table: "delivery_queue_entries", row: { id: "waiting" } },
    { table: "delivery_queue_entries", row: { id: "unsettled" } },
    { table: "gateway_restart_sentinel", row: { payload_json: `{"message":"back again"}` } },
  ]);
  expect(copy.rows("SELECT id FROM delivery_queue_entries ORDER BY id")).toEqual([
    { id: "given-up" },
    { id: "sent" },
  ]);
  expect(copy.rows("SELECT * FROM gateway_restart_sentinel")).toEqual([]);
  const directory = copy.at(`${copy.stateDir}/delivery-queue`);
  expect((await readdir(directory, { recursive: true })).toSorted()).toEqual([
    "2.delivered",
    "failed",
    "failed/1.json",
  ]);
  expect((await revive(copy, OPTIONS)).done).toEqual([]);
});

test("F31: who wants it sent has it sent, and is told how much that is", async () => {
  await using copy = await waiting();
  const { done, told } = await revive(copy, { ...OPTIONS, keepDeliveries: true });
  expect(done).toEqual([]);
  expect(told).toMatchObject([{ what: expect.stringMatching(/^4 messages that were waiting/) }]);
  expect(copy.rows("SELECT count(*) AS n FROM delivery_queue_entries")).toEqual([{ n: 4 }]);
});
