import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { makeLayoutA, makeLayoutB, makeLayoutC } from "../../test/fixtures/instances.ts";
import { classify } from "./classify.ts";
import { COMPONENTS } from "./rules.ts";

const scratch = await mkdtemp(join(tmpdir(), "clawback-complete-"));
afterAll(() => rm(scratch, { recursive: true, force: true }));

const MAKERS = { A: makeLayoutA, B: makeLayoutB, C: makeLayoutC };
const MADE = new Map(
  await Promise.all(
    Object.entries(MAKERS).map(async ([name, make]) => {
      const { kept } = await make(join(scratch, name));
      const directories = kept.flatMap((path) => {
        const names = path.split("/").slice(0, -1);
        return names.map((_, depth) => names.slice(0, depth + 1).join("/"));
      });
      return [name, [...new Set(["", ...directories])]] as const;
    }),
  ),
);
const KEPT_DIRECTORIES = [...new Set([...MADE.values()].flat())];

/** No rule can mean it: none has such a sign in it. */
const SIGN = "\u2603";
const odd = fc.string({ unit: "grapheme", maxLength: 12 }).filter((text) => !/[/\0]/.test(text));
const suffix = fc.constantFrom("", ".md", ".db", ".sqlite", ".sqlite3", ".json", ".lock", ".pid");
const invented = fc.tuple(odd, odd, suffix).map(([a, b, end]) => `${a}${SIGN}${b}${end}`);
const inventedPath = fc
  .array(invented, { minLength: 1, maxLength: 4 })
  .map((names) => names.join("/"));
const directory = fc.constantFrom(...KEPT_DIRECTORIES);
const below = (parent: string, path: string) => (parent === "" ? path : `${parent}/${path}`);

/** As a walk comes by it: its directories first, then itself. */
function isCaptured(path: string, isDirectory: boolean): boolean {
  const names = path.split("/");
  return names.every((_, i) => {
    const here = names.slice(0, i + 1).join("/");
    const found = classify("state", here, isDirectory || i < names.length - 1);
    expect(COMPONENTS).toContain(found.component);
    return found.leaveOut === undefined;
  });
}

test("what nobody has foreseen is captured wherever it lies", () => {
  fc.assert(
    fc.property(directory, inventedPath, fc.boolean(), (parent, path, isDirectory) => {
      expect(isCaptured(below(parent, path), isDirectory)).toBe(true);
    }),
    { numRuns: 2_000 },
  );
});

const PLACES_LEFT_OUT = [
  ..."npm npm-runtime git dev tools cache tmp plugin-skills models".split(" "),
  ..."gateway.lock node.pid exec-approvals.sock SingletonLock s.jsonl.lock".split(" "),
  ..."openclaw-quarantine.sqlite x.lock.sqlite x.reindex-lock.sqlite-wal GPUCache".split(" "),
];

test("what is rebuildable or of this machine in its own place is captured in any other", () => {
  const name = fc.constantFrom(...PLACES_LEFT_OUT);
  fc.assert(
    fc.property(directory, inventedPath, name, fc.boolean(), (parent, path, known, isDirectory) => {
      expect(isCaptured(below(parent, `${path}/${known}`), isDirectory)).toBe(true);
    }),
    { numRuns: 1_000 },
  );
});

test("a walk of an instance takes all invented files and databases", async () => {
  const layouts = fc.subarray(Object.keys(MAKERS) as (keyof typeof MAKERS)[], { minLength: 1 });
  const files = fc.uniqueArray(
    fc.record({ directory, path: inventedPath, isDatabase: fc.boolean() }),
    {
      minLength: 1,
      maxLength: 8,
      selector: ({ path }) => path.split("/")[0]?.normalize("NFC").toLowerCase(),
    },
  );
  let run = 0;
  await fc.assert(
    fc.asyncProperty(layouts, files, async (names, additions) => {
      const stateDir = join(scratch, `mixture-${run++}`);
      for (const name of names) await MAKERS[name](stateDir);
      for (const one of additions) {
        await addFile(join(stateDir, one.directory, one.path), one.isDatabase);
      }
      const taken = new Set(await walked(stateDir, ""));
      for (const one of additions) expect(taken).toContain(below(one.directory, one.path));
      await rm(stateDir, { recursive: true });
    }),
    { numRuns: 15 },
  );
}, 60_000);

async function addFile(path: string, isDatabase: boolean): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  if (!isDatabase) return writeFile(path, "invented");
  const database = new DatabaseSync(path);
  database.exec("CREATE TABLE t (x); INSERT INTO t VALUES (1)");
  database.close();
}

async function walked(stateDir: string, parent: string): Promise<string[]> {
  const entries = await readdir(join(stateDir, parent), { withFileTypes: true });
  const has = (name: string) => entries.some((entry) => entry.name === name);
  const found: string[] = [];
  for (const entry of entries) {
    const path = below(parent, entry.name);
    if (classify("state", path, entry.isDirectory(), has).leaveOut !== undefined) continue;
    if (entry.isDirectory()) found.push(...(await walked(stateDir, path)));
    else found.push(path);
  }
  return found;
}
