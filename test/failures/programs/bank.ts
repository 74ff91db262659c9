/**
 * Moves money between accounts of a SQLite database for ever, as fast as it can: at every commit
 * the sum is the same, and the journal has as many entries as money was moved.
 */
import { DatabaseSync } from "node:sqlite";
import { setImmediate } from "node:timers/promises";

const [path = "", mode = "wal"] = process.argv.slice(2);
/** Enough that a copy takes a while, and that pages change behind and before it. */
const ACCOUNTS = 20_000;

const database = new DatabaseSync(path, { timeout: 60_000 });
database.exec(`PRAGMA journal_mode = ${mode}; PRAGMA synchronous = off; BEGIN IMMEDIATE;
  CREATE TABLE IF NOT EXISTS accounts (id INTEGER PRIMARY KEY, balance INTEGER, owner TEXT);
  CREATE TABLE IF NOT EXISTS moves (id INTEGER PRIMARY KEY, amount INTEGER, note TEXT);
  CREATE TABLE IF NOT EXISTS total (moves INTEGER);
  INSERT INTO total SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM total)`);
const open = database.prepare("INSERT OR IGNORE INTO accounts VALUES (?, 1000, ?)");
for (let id = 0; id < ACCOUNTS; id += 1) open.run(id, "somebody ".repeat(100));
database.exec("COMMIT");

const change = database.prepare("UPDATE accounts SET balance = balance + ? WHERE id = ?");
const note = database.prepare("INSERT INTO moves (amount, note) VALUES (?, ?)");
const count = database.prepare("UPDATE total SET moves = moves + 1");

function move(round: number): void {
  database.exec("BEGIN IMMEDIATE");
  change.run(-(round % 7), (round * 7919) % ACCOUNTS);
  change.run(round % 7, (round * 104_729 + 1) % ACCOUNTS);
  note.run(round % 7, "moved");
  count.run();
  database.exec("COMMIT");
}

for (let round = 0; round < 1000; round += 1) move(round);
process.once("disconnect", () => process.exit());
process.send?.("at work");
for (let round = 0; ; round += 1) {
  move(round);
  if (round % 100 === 0) await setImmediate();
}
