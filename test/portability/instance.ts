import { cp, mkdir, mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { InstanceCopy } from "../../src/openclaw/instance-copy.ts";
import { judgeChannels } from "../../src/openclaw/portability/judge-channels.ts";
import type { ChannelVerdict } from "../../src/openclaw/portability/verdict.ts";

const FIXTURES = join(import.meta.dirname, "../fixtures/portability");
export const WHATSAPP_ACCOUNT = join(FIXTURES, "whatsapp");
export const MATRIX_STORE = join(FIXTURES, "matrix-store.json");

/** An instance with channels, in a home of its own. */
export class ChannelsHome implements AsyncDisposable {
  readonly home: string;
  readonly stateDir: string;

  private constructor(home: string) {
    this.home = home;
    this.stateDir = join(home, ".openclaw");
  }

  static async create(): Promise<ChannelsHome> {
    const home = new ChannelsHome(
      await realpath(await mkdtemp(join(tmpdir(), "clawback-channels-"))),
    );
    await mkdir(home.stateDir);
    return home;
  }

  get copy(): InstanceCopy {
    const configPath = join(this.stateDir, "openclaw.json");
    const { stateDir, home } = this;
    return { stateDir, configPath, home, roots: [], at: (path) => path };
  }

  async put(path: string, content: string): Promise<string> {
    const file = join(this.home, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content, { mode: 0o600 });
    return file;
  }

  configure(channels: object, more: object = {}): Promise<string> {
    return this.put(".openclaw/openclaw.json", JSON.stringify({ channels, ...more }));
  }

  /** @returns the account's directory */
  async linkWhatsApp(account = "default"): Promise<string> {
    const directory = join(this.stateDir, "credentials/whatsapp", account);
    await cp(WHATSAPP_ACCOUNT, directory, { recursive: true });
    return directory;
  }

  /** @returns the directory of the account's store */
  async keepMatrix(token: string, dump?: string): Promise<string> {
    const hash = createHash("sha256").update(token).digest("hex").slice(0, 16);
    const directory = join(
      this.stateDir,
      "matrix/accounts/default/example.org__claw_example.org",
      hash,
    );
    await mkdir(join(directory, "state"), { recursive: true });
    const text = dump ?? (await readFile(MATRIX_STORE, "utf8"));
    keepRows(join(directory, "state/openclaw.sqlite"), "matrix", matrixRows(text));
    return directory;
  }

  async judge(
    channel: string,
    env: Record<string, string> = {},
    live = true,
  ): Promise<ChannelVerdict> {
    const verdicts = await judgeChannels(this.copy, { now: new Date(), live, env });
    const found = verdicts.find((each) => each.channel === channel);
    if (found === undefined) throw new Error(`no verdict for ${channel}`);
    return found;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.home, { recursive: true, force: true });
  }
}

/** As `@openclaw/matrix` 2026.9 cuts a dump into rows. */
function matrixRows(dump: string): [namespace: string, key: string, value: object][] {
  const cuts = Array.from({ length: Math.ceil(dump.length / 9000) }, (_, index) => {
    return dump.slice(index * 9000, (index + 1) * 9000);
  });
  const meta = {
    kind: "meta",
    version: 1,
    generation: "g1",
    chunkCount: cuts.length,
    digest: createHash("sha256").update(dump, "utf8").digest("hex"),
    databaseCount: 1,
    persistedAt: "2026-11-01T10:00:00.000Z",
  };
  return [
    ["storage-meta", "current", { deviceId: "CLAWDEVICE", userId: "@claw:example.org" }],
    ["idb-snapshot", "current:meta", meta],
    ...cuts.map((data, index): [string, string, object] => [
      "idb-snapshot",
      `current:snapshot:g1:${index}`,
      { kind: "snapshot-chunk", index, data },
    ]),
  ];
}

/** Rows of a plugin, in the table that OpenClaw 2026.9 has for them. */
export function keepRows(
  path: string,
  plugin: string,
  rows: readonly [namespace: string, key: string, value: object][],
): void {
  using database = new DatabaseSync(path);
  database.exec(
    "CREATE TABLE IF NOT EXISTS plugin_state_entries (plugin_id TEXT NOT NULL, namespace TEXT NOT NULL, entry_key TEXT NOT NULL, value_json TEXT NOT NULL, created_at INTEGER NOT NULL, expires_at INTEGER, PRIMARY KEY (plugin_id, namespace, entry_key)) STRICT",
  );
  const insert = database.prepare(
    "INSERT OR REPLACE INTO plugin_state_entries VALUES (?, ?, ?, ?, 0, NULL)",
  );
  for (const [namespace, key, value] of rows) {
    insert.run(plugin, namespace, key, JSON.stringify(value));
  }
}
