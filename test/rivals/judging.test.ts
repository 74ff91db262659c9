import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { filesPart, generationPart } from "../../bench/rivals/files.ts";
import { rowsPart } from "../../bench/rivals/rows.ts";
import { canRead } from "../../bench/rivals/run.ts";
import type { Part, Verdict } from "../../bench/rivals/verdict.ts";

let dir: string;
/** The instance, and below which a tool's copy of it is laid out. */
let live: string;
let root: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "clawback-judging-"));
  live = join(dir, "live");
  root = join(dir, "root");
  mkdirSync(live);
});

afterEach(() => rmSync(dir, { recursive: true }));

function put(path: string, content: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

/** What a tool did that took everything; `spoil` makes it worse. */
function verdictOn(part: Part, spoil: (copy: string) => void = () => {}): Verdict {
  const copy = join(root, live);
  rmSync(root, { recursive: true, force: true });
  cpSync(live, copy, { recursive: true });
  spoil(copy);
  return part.judge(root);
}

describe("files", () => {
  let part: Part;

  beforeEach(() => {
    put(join(live, "skill/SKILL.md"), "what it knows");
    put(join(live, "skill/notes/one.md"), "one");
    part = filesPart("a skill", [join(live, "skill")]);
  });

  test("are whole when each is there, byte for byte", () => {
    expect(verdictOn(part)).toEqual({ whole: true, found: "2 of 2 files" });
  });

  test("are not whole when one is missing, altered, or nothing came back", () => {
    const lost = { whole: false, found: "1 of 2 files" };
    expect(verdictOn(part, (copy) => rmSync(join(copy, "skill/notes/one.md")))).toEqual(lost);
    expect(verdictOn(part, (copy) => put(join(copy, "skill/SKILL.md"), "what"))).toEqual(lost);
    expect(verdictOn(part, (copy) => rmSync(copy, { recursive: true })).found).toMatch(/^0 of/);
  });

  test("are not whole when a link leads back to the live instance", () => {
    const link = (copy: string): void => {
      rmSync(join(copy, "skill"), { recursive: true });
      symlinkSync(join(live, "skill"), join(copy, "skill"));
    };
    expect(verdictOn(part, link)).toEqual({ whole: false, found: "0 of 2 files" });
  });

  test("that are not there to begin with are a mistake of whoever compares", () => {
    expect(() => filesPart("nothing", [])).toThrow("there is nothing");
  });
});

describe("files of one moment", () => {
  let part: Part;

  beforeEach(() => {
    for (const name of ["creds.json", "key.json"]) put(join(live, name), '{"generation":7}');
    part = generationPart("an account", live);
  });

  test("are whole at any one generation, be it a newer one", () => {
    const renew = (copy: string): void => {
      for (const name of ["creds.json", "key.json"]) put(join(copy, name), '{"generation":8}');
    };
    expect(verdictOn(part).whole).toBe(true);
    expect(verdictOn(part, renew).whole).toBe(true);
  });

  test("are not whole when mixed, torn or missing", () => {
    const spoil = (content: string) => (copy: string) => put(join(copy, "key.json"), content);
    expect(verdictOn(part, spoil('{"generation":8}')).found).toBe("of 2 moments");
    expect(verdictOn(part, spoil('{"generat')).found).toBe("1 of 2 files");
    expect(verdictOn(part, (copy) => rmSync(join(copy, "key.json"))).whole).toBe(false);
  });
});

describe("rows", () => {
  let database: string;
  let writer: DatabaseSync;
  let part: Part;

  beforeEach(() => {
    database = join(live, "gateway.db");
    writer = new DatabaseSync(database);
    writer.exec(`PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0;
      CREATE TABLE messages (seq INTEGER PRIMARY KEY, body TEXT);
      CREATE TABLE accounts (id INTEGER PRIMARY KEY, balance INTEGER CHECK (balance < 100));
      INSERT INTO accounts VALUES (1, 0), (2, 0);
      INSERT INTO messages VALUES (1, 'one'), (2, 'two');`);
    part = rowsPart("messages", [
      {
        database,
        query: "SELECT seq AS key, body AS value FROM messages",
        invariant: "SELECT sum(balance) = 0 FROM accounts",
      },
    ]);
  });

  afterEach(() => writer.close());

  function alter(copy: string, sql: string): void {
    using opened = new DatabaseSync(join(copy, "gateway.db"));
    opened.exec(sql);
  }

  test("are whole with the log beside, and with rows that came later", () => {
    const later = (copy: string): void => alter(copy, "INSERT INTO messages VALUES (3, 'three')");
    expect(verdictOn(part)).toEqual({ whole: true, found: "all rows" });
    expect(verdictOn(part, later).whole).toBe(true);
  });

  test("are not whole without the log that holds them", () => {
    const verdict = verdictOn(part, (copy) => rmSync(join(copy, "gateway.db-wal")));
    expect(verdict.whole).toBe(false);
  });

  test("are not whole when one is missing or other", () => {
    const half = { whole: false, found: "1 of 2 rows" };
    const drop = (copy: string): void => alter(copy, "DELETE FROM messages WHERE seq = 2");
    const change = (copy: string): void =>
      alter(copy, "UPDATE messages SET body = '' WHERE seq = 1");
    expect(verdictOn(part, drop)).toEqual(half);
    expect(verdictOn(part, change)).toEqual(half);
  });

  test("are not whole in a copy that holds half of a transaction", () => {
    const half = (copy: string): void =>
      alter(copy, "UPDATE accounts SET balance = 5 WHERE id = 1");
    expect(verdictOn(part, half).found).toBe("damaged: half of a transaction");
  });

  test("are not whole in a copy that SQLite finds unsound", () => {
    const violate = (copy: string): void =>
      alter(
        copy,
        "PRAGMA ignore_check_constraints = ON; UPDATE accounts SET balance = 500 * (3 - 2 * id)",
      );
    expect(verdictOn(part, violate).found).toBe("damaged: CHECK constraint failed in accounts");
  });

  test("are not whole in a damaged copy, or without one", () => {
    const damage = (copy: string): void => {
      rmSync(join(copy, "gateway.db-wal"));
      put(join(copy, "gateway.db"), "no database at all, but long enough to be read as one");
    };
    expect(verdictOn(part, damage).found).toMatch(/^damaged: /);
    expect(verdictOn(part, (copy) => rmSync(join(copy, "gateway.db"))).found).toBe("no database");
  });
});

test("a key is found in what is stored, gzipped or not, and not where it is no more", () => {
  put(join(live, "store/plain"), "… sk-123 …");
  expect(canRead(live, "sk-123")).toBe(true);
  rmSync(join(live, "store"), { recursive: true });
  writeFileSync(join(live, "archive.gz"), gzipSync("… sk-123 …"));
  expect(canRead(live, "sk-123")).toBe(true);
  expect(canRead(live, "sk-456")).toBe(false);
});
