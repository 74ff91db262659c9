import { join } from "node:path";
import { expect, test } from "vitest";
import { DatabaseCapturer } from "../../src/capture/database.ts";
import { connect, gatewayDirectory, integrity, query, temporaryDirectory } from "./live.ts";

const BUILD = `pragma journal_mode=wal; pragma synchronous=normal;
  create table a(v); create table b(v); insert into a values (0); insert into b values (0);
  create table log(id integer primary key, x);
  with recursive c(i) as (select 1 union all select i+1 from c where i < 105000)
  insert into log select i, randomblob(4000) from c; pragma wal_checkpoint(truncate)`;
const WRITE = `begin immediate;update a set v = v + 1;insert into log(x) values (randomblob(300));
  update b set v = v + 1;commit`;

test("400 MB while another process writes flat out", { timeout: 120_000 }, async () => {
  const path = join(gatewayDirectory(), "big.db");
  const writer = await connect(path);
  await writer.run(BUILD);
  const alone = await writer.runFor(WRITE, 1.5);
  const writing = writer.runFor(WRITE, 4);
  let beats = 0;
  const heart = setInterval(() => (beats += 1), 20);
  await using capturer = new DatabaseCapturer({ scratch: temporaryDirectory() });
  const start = performance.now();
  await using image = await capturer.capture(path);
  const tookMs = performance.now() - start;
  clearInterval(heart);
  const { rounds, longestMs } = await writing;
  const wal = query(image.path, "select a.v as a, b.v as b from a, b")[0];
  console.log(
    `${(image.size / 1e6).toFixed(0)} MB in ${tookMs.toFixed(0)} ms, pinned ${image.longestPinMs.toFixed(0)} ms, ` +
      `${image.walFrames} frames merged; writer: ${(rounds / 4).toFixed(0)} tx/s (alone ${(alone.rounds / 1.5).toFixed(0)}), ` +
      `longest round ${longestMs.toFixed(1)} ms (alone ${alone.longestMs.toFixed(1)})`,
  );
  expect(image).toMatchObject({ method: "pinned", consistent: true });
  const { facts, problems } = await image.examination;
  expect(problems).toEqual([]);
  expect(wal?.["a"]).toBe(wal?.["b"]);
  expect(facts?.tables["log"]).toBe(105000 + Number(wal?.["a"]));
  expect(integrity(image.path)).toBe("ok");
  expect(beats).toBeGreaterThan(tookMs / 100);
});
