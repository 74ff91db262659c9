import { randomBytes } from "node:crypto";
import { chmod, mkdtemp, open, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { TreeNode } from "../../src/snapshot/node.ts";
import type { DrillPlace } from "./place.ts";
import type { Edit } from "./rewriting.ts";

/** A way to damage a snapshot, and what a drill has to say of it. */
export interface Damage {
  way: string;
  /** Done where it was taken from, before it is taken. */
  before?: (place: DrillPlace) => Promise<void>;
  /** Done to the snapshot by a program that writes valid trees and keeps the manifest. */
  edits?: (place: Pick<DrillPlace, "made">) => Edit[];
  /** Done to the repository's files. */
  after?: (place: DrillPlace) => Promise<void>;
  /** A check that must not be well. */
  check: string;
  says: RegExp;
}

const STATE = "state/openclaw.sqlite";
const AGENT = "agents/clawd/agent/openclaw-agent.sqlite";
const TRANSCRIPT = "agents/clawd/sessions/old.jsonl";
const WHATSAPP = "credentials/whatsapp/default";

export const REWRITTEN: Damage[] = [
  {
    way: "a row deleted",
    edits: sql(AGENT, "DELETE FROM transcript_events WHERE seq = 1"),
    check: "rows",
    says: /transcript_events: 2 rows, and had 3/,
  },
  {
    way: "a row edited",
    edits: sql(STATE, "UPDATE device_identities SET private_key = 'nor a key'"),
    check: "digest",
    says: /\/state is not what was backed up/,
  },
  {
    way: "a table dropped",
    edits: sql(STATE, "DROP TABLE agent_databases"),
    check: "rows",
    says: /table agent_databases: is missing/,
  },
  {
    way: "a page of a database zeroed",
    edits: bytes(AGENT, (content) => content.fill(0, 4096, 8192)),
    check: "databases",
    says: /openclaw-agent\.sqlite: /,
  },
  {
    way: "a database cut in half",
    edits: bytes(STATE, (content) => content.subarray(0, content.length / 2)),
    check: "databases",
    says: /openclaw\.sqlite: /,
  },
  {
    way: "a database emptied",
    edits: bytes(STATE, () => Buffer.alloc(0)),
    check: "rows",
    says: /it has 0 bytes, and had/,
  },
  {
    way: "a database replaced by one of an older release",
    edits: sql(AGENT, "PRAGMA user_version = 22"),
    check: "rows",
    says: /schema is of version 22, and was of 23/,
  },
  {
    way: "a log put beside a database",
    edits: ({ made }) => [added(`${made.stateDir}/${STATE}-wal`, randomBytes(4096))],
    check: "databases",
    says: /openclaw\.sqlite-wal: a log that is not this database's/,
  },
  {
    way: "a token edited",
    edits: bytes("openclaw.json", (content) =>
      Buffer.from(content.toString().replace("fake-gateway-token", "evil-gateway-token")),
    ),
    check: "digest",
    says: /something in .*\.openclaw is not what was backed up/,
  },
  {
    way: "a configuration that no longer parses",
    edits: bytes("openclaw.json", (content) => content.subarray(0, -4)),
    check: "formats",
    says: /openclaw\.json: it is not JSON5/,
  },
  {
    way: "a transcript cut in the middle of a line",
    edits: bytes(TRANSCRIPT, (content) => content.subarray(0, content.length - 10)),
    check: "counts",
    says: /sessions: 2 files of \d+ bytes/,
  },
  {
    way: "a line of a transcript made illegible",
    edits: bytes(TRANSCRIPT, (content) => content.fill(0x20, 0, 3)),
    check: "formats",
    says: /old\.jsonl: line 1 is not JSON/,
  },
  {
    way: "a workspace file gone",
    edits: gone("workspace/MEMORY.md"),
    check: "counts",
    says: /workspace: \d+ files/,
  },
  {
    way: "a file added",
    edits: ({ made }) => [added(`${made.stateDir}/workspace/memory/evil.md`, Buffer.from("obey"))],
    check: "counts",
    says: /memoryFiles: 3, and were 2/,
  },
  {
    way: "a secret's mode widened",
    edits: changed(".env", (node) => ({ ...node, mode: 0o644 })),
    check: "digest",
    says: /\.openclaw is not what was backed up/,
  },
  {
    way: "a file that became a link",
    edits: changed("workspace/SOUL.md", ({ size: _s, content: _c, ...node }) => ({
      ...node,
      type: "symlink",
      mode: 2 ** 27 + 0o777,
      linktarget: Buffer.from("/etc/passwd"),
    })),
    check: "counts",
    says: /workspace: \d+ files/,
  },
  {
    way: "WhatsApp's credentials gone",
    edits: gone(`${WHATSAPP}/creds.json`),
    check: "counts",
    says: /credentials: 53 files/,
  },
  {
    way: "one key of WhatsApp's put in another's place",
    edits: bytes(`${WHATSAPP}/pre-key-3.json`, () => Buffer.from('{"public":"another"}')),
    check: "digest",
    says: /whatsapp.* is not what was backed up|credentials.* is not what was backed up/,
  },
  {
    way: "the manifest gone",
    edits: () => [{ path: "/.clawback/manifest.json", change: async () => undefined }],
    check: "manifest",
    says: /its manifest is gone/,
  },
  {
    way: "the manifest of another snapshot",
    edits: () => [
      {
        path: "/.clawback/manifest.json",
        async change(node, tools) {
          if (node === undefined) throw new Error("no manifest");
          const manifest = JSON.parse((await tools.read(node)).toString()) as { created: string };
          manifest.created = "2026-01-01T00:00:00.000Z";
          return tools.filled(node, Buffer.from(JSON.stringify(manifest)));
        },
      },
    ],
    check: "manifest",
    says: /of another snapshot/,
  },
];

export const REPOSITORY: Damage[] = [
  {
    way: "a bit flipped in what holds the configuration",
    after: async (place) => {
      const { file, offset } = await place.chunkOf(place.state("openclaw.json"));
      const content = await readFile(file);
      content[offset + 20] = (content[offset + 20] ?? 0) ^ 1;
      await rewriteFile(file, content);
    },
    check: "restored",
    says: /openclaw\.json: /,
  },
  {
    way: "a pack cut short",
    after: async (place) => {
      const [largest = ""] = await place.packs();
      await writable(largest);
      await truncate(largest, 1000);
    },
    check: "repository",
    says: /it has 1000 bytes/,
  },
  {
    way: "a pack gone",
    after: async (place) => rm((await place.packs())[0] as string),
    check: "repository",
    says: /it is missing/,
  },
  {
    way: "every pack a little damaged, trees as well",
    after: async (place) => {
      for (const file of await place.packs()) {
        const content = await readFile(file);
        for (let at = 40; at < content.length; at += 200) content[at] = (content[at] ?? 0) ^ 4;
        await rewriteFile(file, content);
      }
    },
    check: "snapshot",
    says: /./,
  },
  {
    way: "the index gone",
    after: async (place) => {
      for (const file of await place.files("index")) await rm(file);
    },
    check: "snapshot",
    says: /./,
  },
];

export const SOURCE: Damage[] = [
  {
    way: "a database that was damaged where it was taken from",
    before: async (place) => {
      const file = await open(place.state(AGENT), "r+");
      await file.write(Buffer.alloc(4096, 7), 0, 4096, 4096);
      await file.close();
    },
    check: "source",
    says: /openclaw-agent\.sqlite: a damaged database/,
  },
  {
    way: "a database that was emptied where it was taken from",
    before: (place) => writeFile(place.state(AGENT), ""),
    check: "formats",
    says: /It is empty: conversations and memory/,
  },
  {
    way: "a memory that had lost all its rows",
    before: async (place) => {
      using database = new DatabaseSync(place.state(AGENT));
      for (const table of ["session_nodes", "transcript_events", "memory_index_chunks"]) {
        database.exec(`DELETE FROM ${table}`);
      }
    },
    check: "rows",
    says: /It has no row in/,
  },
  {
    way: "rows that refer to nothing",
    before: async (place) => {
      using database = new DatabaseSync(place.state(STATE));
      database.exec("PRAGMA foreign_keys = off");
      database.exec("CREATE TABLE runs (job TEXT REFERENCES cron_jobs (id))");
      database.exec("INSERT INTO runs VALUES ('nobody')");
    },
    check: "databases",
    says: /rows of table "runs" that refer to rows which "cron_jobs" does not have: 1/,
  },
  {
    way: "a configuration that was malformed",
    before: (place) => writeFile(place.state("openclaw.json"), "{ gateway: "),
    check: "source",
    says: /openclaw\.json/,
  },
  {
    way: "a transcript with a line that was illegible",
    before: async (place) => {
      const file = place.state(TRANSCRIPT);
      await writeFile(file, `{"no":\n${await readFile(file, "utf8")}`);
    },
    check: "source",
    says: /old\.jsonl: 1 of 6 lines are damaged/,
  },
  {
    way: "a workspace that was not there",
    before: async (place) => {
      const config = JSON.parse(await readFile(place.state("openclaw.json"), "utf8")) as {
        agents: { defaults?: object };
      };
      config.agents.defaults = { ...config.agents.defaults, workspace: "/nowhere/at/all" };
      await writeFile(place.state("openclaw.json"), JSON.stringify(config));
    },
    check: "complete",
    says: /nowhere\/at\/all/,
  },
];

function changed(path: string, change: (node: TreeNode) => TreeNode): NonNullable<Damage["edits"]> {
  return ({ made }) => [
    {
      path: `${made.stateDir}/${path}`,
      async change(node) {
        if (node === undefined) throw new Error(`${path} is not in the snapshot`);
        return change(node);
      },
    },
  ];
}

function bytes(
  path: string,
  change: (content: Buffer) => Uint8Array,
): NonNullable<Damage["edits"]> {
  return ({ made }) => [
    {
      path: `${made.stateDir}/${path}`,
      async change(node, tools) {
        if (node === undefined) throw new Error(`${path} is not in the snapshot`);
        return tools.filled(node, change(await tools.read(node)));
      },
    },
  ];
}

function sql(path: string, statement: string): NonNullable<Damage["edits"]> {
  return ({ made }) => [
    {
      path: `${made.stateDir}/${path}`,
      async change(node, tools) {
        if (node === undefined) throw new Error(`${path} is not in the snapshot`);
        const folder = await mkdtemp(join(tmpdir(), "clawback-sql-"));
        const file = join(folder, "database");
        await writeFile(file, await tools.read(node));
        const database = new DatabaseSync(file);
        database.exec(statement);
        database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
        database.close();
        const content = await readFile(file);
        await rm(folder, { recursive: true });
        return tools.filled(node, content);
      },
    },
  ];
}

function gone(path: string): NonNullable<Damage["edits"]> {
  return ({ made }) => [{ path: `${made.stateDir}/${path}`, change: async () => undefined }];
}

function added(path: string, content: Buffer): Edit {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const node: TreeNode = { name: Buffer.from(name), type: "file", mode: 0o600, uid: 0, gid: 0 };
  const owner = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  return { path, change: (_, tools) => tools.filled({ ...node, ...owner, links: 1n }, content) };
}

async function writable(file: string): Promise<void> {
  await chmod(file, 0o600);
}

async function rewriteFile(file: string, content: Uint8Array): Promise<void> {
  await writable(file);
  await writeFile(file, content);
}
