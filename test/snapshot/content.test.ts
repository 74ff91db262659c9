import * as fs from "node:fs";
import { expect, test } from "vitest";
import type { ArchivedFile, ArchiveOptions } from "../../src/snapshot/archive-options.ts";
import { archive } from "../../src/snapshot/archiver.ts";
import type { ContentFormat } from "../../src/snapshot/content-format.ts";
import { measureSource } from "../../src/snapshot/measure-source.ts";
import { silentProgress } from "../../src/progress.ts";
import type { Repository } from "../../src/repository/repository.ts";
import { newRepository, noDatabases, temporaryFolder } from "../support/archives.ts";

const FORMATS: [string, ContentFormat][] = [
  [".jsonl", "jsonl"],
  [".json5", "json5"],
  [".json", "json"],
];

/** What the archiver says of the content of each file that it looked into. */
async function contents(
  repository: Repository,
  root: string,
  options: Partial<ArchiveOptions> = {},
): Promise<Record<string, ArchivedFile["content"]>> {
  await repository.loadIndex();
  const signal = new AbortController().signal;
  const roots = [Buffer.from(root)];
  const found: Record<string, ArchivedFile["content"]> = {};
  await archive(
    {
      repository,
      assertHeld: () => {},
      roots,
      select: () => undefined,
      total: measureSource(roots, () => undefined, signal),
      databases: noDatabases,
      parent: undefined,
      ownFile: { directory: ".own", name: "own.json", content: () => Buffer.from("{}") },
      contentOf: (path) => FORMATS.find(([suffix]) => path.toString().endsWith(suffix))?.[1],
      now: new Date(Date.now() + 60_000),
      progress: silentProgress,
      signal,
      ...options,
    },
    ({ path, content }) => {
      if (content !== undefined) found[path.toString().slice(root.length + 1)] = content;
    },
  );
  return found;
}

test("files are parsed while they are read, those that have a format", async () => {
  using folder = temporaryFolder();
  const files: Record<string, string | Buffer> = {
    "well.jsonl": '{"a":1}\n{"b":2}\n',
    "growing.jsonl": '{"a":1}\n{"b":',
    "torn.jsonl": '{"a":1}\n{"b":\n{"c":3}\n',
    "nulls.jsonl": Buffer.concat([Buffer.from('{"a":1}\n'), Buffer.alloc(5000), Buffer.from("\n")]),
    "empty.jsonl": "",
    "creds.json": '{"me":{"id":"1"}}',
    "half.json": '{"me":{"id":"1"',
    "config.json5": "// mine\n{a: 1,}",
    "plain.txt": "{",
    "fake.json": "SQLite format 3\0 and no JSON",
  };
  fs.mkdirSync(folder.at("source"));
  for (const [name, content] of Object.entries(files)) {
    fs.writeFileSync(folder.at("source", name), content);
  }
  const well = { lines: 0, damaged: 0, unfinished: false };
  expect(await contents(await newRepository(), folder.at("source"))).toEqual({
    "well.jsonl": { ...well, lines: 2 },
    "growing.jsonl": { ...well, lines: 1, unfinished: true },
    "torn.jsonl": { lines: 3, damaged: 1, unfinished: false, problem: "line 2 is not JSON" },
    "nulls.jsonl": { lines: 2, damaged: 1, unfinished: false, problem: "line 2 is not JSON" },
    "empty.jsonl": well,
    "creds.json": well,
    "half.json": { ...well, damaged: 1, problem: "it breaks off: not JSON" },
    "config.json5": well,
  });
});

test("a line longer than a chunk is one line, and a transcript of many chunks is all of them", async () => {
  using folder = temporaryFolder();
  fs.mkdirSync(folder.at("source"));
  const line = `${JSON.stringify({ text: "0123456789".repeat(100) })}\n`;
  const long = `${JSON.stringify({ text: "x".repeat(20 << 20) })}\n`;
  fs.writeFileSync(folder.at("source/a.jsonl"), line.repeat(20_000) + long + line.repeat(20_000));
  expect(await contents(await newRepository(), folder.at("source"))).toEqual({
    "a.jsonl": { lines: 40_001, damaged: 0, unfinished: false },
  });
});
