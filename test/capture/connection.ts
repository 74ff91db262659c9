/** A process that holds a database open and does what it is told: the "gateway" of these tests. */
import { DatabaseSync } from "node:sqlite";

const database = new DatabaseSync(process.argv[2] as string, { timeout: 5000 });
const kept = new Map<string, ReturnType<DatabaseSync["prepare"]>>();

process.on("message", ({ sql, seconds }: { sql: string; seconds?: number }) => {
  try {
    process.send?.({ answer: seconds === undefined ? run(sql) : runFor(sql, seconds) });
  } catch (error) {
    process.send?.({ error: String(error) });
  }
});
process.on("disconnect", () => {
  database.close();
  process.exit();
});

function run(sql: string): unknown {
  if (!/^(select|pragma \w+(\(\w+\))?$)/i.test(sql)) return database.exec(sql);
  return database.prepare(sql).all();
}

/** Runs the statements, split at `;`, over and over; tells how often and the longest that one round took. */
function runFor(sql: string, seconds: number): { rounds: number; longestMs: number } {
  const statements = sql.split(";").map((one) => {
    const known = kept.get(one) ?? database.prepare(one);
    kept.set(one, known);
    return known;
  });
  const end = performance.now() + seconds * 1000;
  let rounds = 0;
  let longestMs = 0;
  for (let last = performance.now(); last < end; rounds += 1) {
    for (const statement of statements) statement.all();
    const now = performance.now();
    longestMs = Math.max(longestMs, now - last);
    last = now;
  }
  return { rounds, longestMs };
}
