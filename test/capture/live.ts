import { fork } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { chownSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { sqliteUri } from "../../src/capture/path.ts";
import type { RawPath } from "../../src/capture/path.ts";

export const isRoot = process.getuid?.() === 0;
/** Whose databases these tests capture: root captures somebody else's. */
const GATEWAY_USER = isRoot ? 65534 : undefined;

/** A directory that goes when the test has ended. */
export function temporaryDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), "clawback-capture-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Another one, that belongs to the user whose processes {@link connect} starts. */
export function gatewayDirectory(): string {
  const path = temporaryDirectory();
  if (GATEWAY_USER !== undefined) chownSync(path, GATEWAY_USER, GATEWAY_USER);
  return path;
}

export interface Connection {
  run(sql: string): Promise<Array<Record<string, unknown>>>;
  runFor(sql: string, seconds: number): Promise<{ rounds: number; longestMs: number }>;
  /** SIGKILL: no close, no checkpoint. */
  kill(): Promise<void>;
  /** Ends the process with its database closed. */
  close(): Promise<void>;
}

/** Another process with the database open. */
export async function connect(path: string, asUser = GATEWAY_USER): Promise<Connection> {
  const script = fileURLToPath(new URL("./connection.ts", import.meta.url));
  const child = fork(script, [path], {
    execArgv: ["--disable-warning=ExperimentalWarning"],
    stdio: ["ignore", "ignore", "inherit", "ipc"],
    ...(asUser === undefined ? {} : { uid: asUser, gid: asUser }),
  });
  const end = async (how: () => void) => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    how();
    await exited;
  };
  const ask = async (message: object): Promise<unknown> => {
    child.send(message);
    const [reply] = (await once(child, "message")) as [{ answer?: unknown; error?: string }];
    if (reply.error !== undefined) throw new Error(reply.error);
    return reply.answer;
  };
  onTestFinished(() => end(() => child.kill("SIGKILL")));
  return {
    run: async (sql) => (await ask({ sql })) as Array<Record<string, unknown>>,
    runFor: async (sql, seconds) =>
      (await ask({ sql, seconds })) as { rounds: number; longestMs: number },
    kill: () => end(() => child.kill("SIGKILL")),
    close: () => end(() => child.disconnect()),
  };
}

/** Everything about a directory that a capture must leave alone; access times excepted. */
export function fingerprint(directory: string): string[] {
  return readdirSync(directory, { encoding: "buffer" })
    .map((name) => {
      const path = Buffer.concat([Buffer.from(`${directory}/`), name]);
      const { size, mtimeNs, ctimeNs, ino, mode } = statSync(path, { bigint: true });
      const hash = createHash("sha256").update(readFileSync(path)).digest("hex");
      return [name.toString("latin1"), size, mtimeNs, ctimeNs, ino, mode, hash].join(" ");
    })
    .toSorted();
}

/** Asks an image, which has no log beside it. */
export function query(image: RawPath, sql: string): Array<Record<string, unknown>> {
  const database = new DatabaseSync(sqliteUri(image, "mode=ro&immutable=1"), { readOnly: true });
  try {
    return database.prepare(sql).all();
  } finally {
    database.close();
  }
}

export function integrity(image: RawPath): unknown {
  return query(image, "PRAGMA integrity_check")[0]?.["integrity_check"];
}
