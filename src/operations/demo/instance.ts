import { randomBytes } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createConversations } from "./conversation.ts";
import { Prose } from "./prose.ts";
import { createState } from "./state-database.ts";

const WHATSAPP_KEYS = 240;
const PHOTOS = 12;
const NOTES = 60;
const KIB = 1024;

/** A made-up OpenClaw instance, laid out as release 2026.9 does. */
export interface DemoInstance {
  stateDir: string;
  /** Of the agent called Clawd. */
  database: string;
  /** The one that all agents share. */
  stateDatabase: string;
  credentials: string;
  /** A workspace that the configuration names, outside the state directory. */
  garden: string;
  /** Below the state directory: what a backup leaves out since it comes back by itself. */
  rebuildable: string[];
  /** Below the state directory: for its owner's eyes only. */
  secret: string[];
  cronJobs: number;
}

/** @param home made already, and empty */
export async function makeInstance(home: string, signal: AbortSignal): Promise<DemoInstance> {
  const stateDir = join(home, ".openclaw");
  const instance: DemoInstance = {
    stateDir,
    database: join(stateDir, "agents/clawd/agent/openclaw-agent.sqlite"),
    stateDatabase: join(stateDir, "state/openclaw.sqlite"),
    credentials: join(stateDir, "credentials"),
    garden: join(home, "garden"),
    rebuildable: ["npm", "cache", "tmp"],
    secret: ["openclaw.json", ".env", "credentials", "state", "agents"],
    cronJobs: 3,
  };
  const prose = new Prose(1);
  const write = async (path: string, content: string | Uint8Array, mode = 0o600) => {
    signal.throwIfAborted();
    const absolute = join(stateDir, path);
    await mkdir(dirname(absolute), { recursive: true, mode: 0o700 });
    await writeFile(absolute, content, { mode });
  };
  await write("openclaw.json", configuration(instance));
  await write(".env", "MADE_UP_API_KEY=made-up-by-clawback-demo\n");
  await write("credentials/whatsapp/default/creds.json", json({ me: { id: "000@made-up" } }));
  for (let key = 1; key <= WHATSAPP_KEYS; key++) {
    const content = json({ keyId: key, private: randomBytes(32).toString("base64") });
    await write(`credentials/whatsapp/default/pre-key-${key}.json`, content);
  }
  for (let session = 1; session <= 3; session++) {
    await write(`agents/clawd/sessions/2025-0${session}.jsonl`, transcript(prose, 1000));
  }
  for (let photo = 1; photo <= PHOTOS; photo++) {
    await write(`media/inbound/photo-${photo}.jpg`, randomBytes(400 * KIB), 0o644);
  }
  await write(
    "workspace/SOUL.md",
    "# Soul\n\nI am Clawd. I am kind, curious, and made up.\n",
    0o644,
  );
  await write("workspace/MEMORY.md", `# Memory\n\n${prose.text(6 * KIB)}\n`, 0o644);
  await write("workspace/skills/tea/SKILL.md", "---\nname: tea\n---\nWarm the pot first.\n", 0o644);
  await write("workspace/.git/HEAD", "ref: refs/heads/main\n", 0o644);
  for (let day = 1; day <= NOTES; day++) {
    await write(`workspace/memory/day-${day}.md`, prose.text(3 * KIB), 0o644);
    const object = randomBytes(20).toString("hex");
    const path = `workspace/.git/objects/${object.slice(0, 2)}/${object.slice(2)}`;
    await write(path, randomBytes(2 * KIB), 0o444);
    await write(`../garden/beds/bed-${day}.md`, prose.text(2 * KIB), 0o644);
  }
  for (let module = 1; module <= 120; module++) {
    const path = `npm/projects/whatsapp/node_modules/part-${module}/index.js`;
    await write(path, prose.text(100 * KIB), 0o644);
  }
  await write("cache/model-list.bin", randomBytes(4096 * KIB), 0o644);
  await write("tmp/openclaw-0/gateway.state.lock", json({ pid: 1, port: 18_789 }));
  // SQLite keeps the permissions of a file that is there, and gives them to its log.
  await write("state/openclaw.sqlite", "");
  createState(instance.stateDatabase, instance.cronJobs, prose);
  await write("agents/clawd/agent/openclaw-agent.sqlite", "");
  createConversations(instance.database);
  return instance;
}

function configuration({ stateDir, garden }: DemoInstance): string {
  return `// Made up by \`clawback demo\`: JSON5, as OpenClaw reads it.
{
  meta: { lastTouchedVersion: "2026.9.6" },
  agents: {
    entries: {
      clawd: { workspace: ${JSON.stringify(join(stateDir, "workspace"))} },
      // This one works outside the state directory.
      gardener: { workspace: ${JSON.stringify(garden)} },
    },
  },
  channels: {
    telegram: { botToken: "0000000000:made-up-by-clawback-demo" },
    whatsapp: { enabled: true },
  },
  gateway: { port: 18789, auth: { mode: "token", token: "made-up-by-clawback-demo" } },
}
`;
}

function transcript(prose: Prose, lines: number): string {
  const line = (seq: number) => `${JSON.stringify({ seq, text: prose.text(1 * KIB) })}\n`;
  return Array.from({ length: lines }, (_, seq) => line(seq)).join("");
}

function json(value: unknown): string {
  return `${JSON.stringify(value)}\n`;
}
