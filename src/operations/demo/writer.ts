/**
 * The made-up agent: a process of its own that commits one turn of a conversation after the other
 * into the database that its argument names, until it is killed or its parent is gone.
 */
import { DatabaseSync } from "node:sqlite";
import { setTimeout as delay } from "node:timers/promises";
import { commitTurn, oldConversations, revise } from "./conversation.ts";
import { Prose } from "./prose.ts";
import type { WriterAnswer, WriterQuestion } from "./live-writer.ts";

/** Between two turns, ms: hundreds of turns during one backup, without taking the machine's cores. */
const PAUSE = 8;

const database = new DatabaseSync(process.argv[2] as string, { timeout: 60_000 });
database.exec("PRAGMA synchronous = NORMAL");
const prose = new Prose(process.pid);
let turns = 0;
let longest = 0;

process.on("message", (question: WriterQuestion) => {
  const answer: WriterAnswer = {
    turns,
    longest,
    ...(question === "revise" && { revised: revise(database), ...oldConversations(database) }),
  };
  longest = 0;
  process.send?.(answer);
});

// Ctrl-C reaches the whole group of processes; the parent decides when this one ends.
process.on("SIGINT", () => undefined);

while (process.connected) {
  const begun = performance.now();
  commitTurn(database, turns + 1, prose);
  turns++;
  longest = Math.max(longest, performance.now() - begun);
  await delay(PAUSE);
}
database.close();
