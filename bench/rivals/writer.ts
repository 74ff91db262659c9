import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as delay } from "node:timers/promises";

/**
 * What goes on in an instance while it is backed up, in a process of its own:
 *
 *   node writer.ts <gateway.db> <database with a log only> <WhatsApp account> <key files>
 *
 * `gateway.db` (64 MB) gets a message and a transfer between two accounts every few milliseconds,
 * in one transaction: the sum of all balances is always zero. The second database gets 500 rows
 * once, which stay in its log. The account's key files, and `creds.json` last, are renewed together
 * in bursts of a third of a second. Says `ready` on stdout, ends with its stdin.
 */
const ACCOUNTS = 16_000;
const FILLER_BYTES = 4000;
const NOTES = 500;
const COMMIT_EVERY_MS = 4;
const BURST_MS = 330;
const PAUSE_MS = 700;
const BURST_STEPS = 30;

const [gateway = "", notes = "", account = "", keyFiles = "0"] = process.argv.slice(2);

const transfers = openGateway(gateway);
const idle = writeNotes(notes);
writeKeys(0, Number(keyFiles), 0);
writeKey("creds.json", 0);
process.stdin.on("end", () => {
  idle.close();
  process.exit(0);
});
process.stdin.resume();
process.stdout.write("ready\n");
await Promise.all([keepTransferring(), keepRenewing()]);

function openGateway(path: string): DatabaseSync {
  const database = new DatabaseSync(path);
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
    CREATE TABLE messages (seq INTEGER PRIMARY KEY, body TEXT NOT NULL);
    CREATE TABLE accounts (id INTEGER PRIMARY KEY, balance INTEGER NOT NULL, filler BLOB);
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${ACCOUNTS})
      INSERT INTO accounts SELECT i, 0, randomblob(${FILLER_BYTES}) FROM n;
    INSERT INTO messages VALUES (1, 'the first'); PRAGMA wal_checkpoint(TRUNCATE);`);
  return database;
}

function writeNotes(path: string): DatabaseSync {
  const database = new DatabaseSync(path);
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0;
    CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT NOT NULL);
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${NOTES})
      INSERT INTO notes SELECT i, hex(randomblob(100)) FROM n;`);
  return database;
}

async function keepTransferring(): Promise<never> {
  const message = transfers.prepare(
    "INSERT INTO messages SELECT max(seq) + 1, 'and another' FROM messages",
  );
  const add = transfers.prepare("UPDATE accounts SET balance = balance + ? WHERE id = ?");
  for (;;) {
    const [from = 1, to = 1] = [0, 0].map(() => 1 + Math.floor(Math.random() * ACCOUNTS));
    transfers.exec("BEGIN");
    message.run();
    add.run(-1, from);
    add.run(1, to);
    transfers.exec("COMMIT");
    await delay(COMMIT_EVERY_MS);
  }
}

async function keepRenewing(): Promise<never> {
  const perStep = Math.ceil(Number(keyFiles) / BURST_STEPS);
  for (let generation = 1; ; generation += 1) {
    await delay(PAUSE_MS);
    for (let step = 0; step < BURST_STEPS; step += 1) {
      writeKeys(step * perStep, Math.min((step + 1) * perStep, Number(keyFiles)), generation);
      await delay(BURST_MS / BURST_STEPS);
    }
    writeKey("creds.json", generation);
  }
}

function writeKeys(from: number, to: number, generation: number): void {
  for (let index = from; index < to; index += 1) writeKey(`pre-key-${index + 1}.json`, generation);
}

/** As the program does: under another name first. */
function writeKey(name: string, generation: number): void {
  const path = join(account, name);
  writeFileSync(`${path}.tmp`, JSON.stringify({ generation, key: name }), { mode: 0o600 });
  renameSync(`${path}.tmp`, path);
}
