import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { furnish, KEY_FILES, teachSkill } from "../../test/lab/furnish.ts";
import type { Furniture } from "../../test/lab/furnish.ts";
import { OpenClawLab } from "../../test/lab/openclaw-lab.ts";
import { agentDatabase, stateDatabase } from "../../test/lab/rows.ts";
import { filesPart, generationPart } from "./files.ts";
import { rowsPart } from "./rows.ts";
import type { Part } from "./verdict.ts";

/** In `.env`: what must not be readable in what a tool stores. */
const API_KEY = "sk-rivals-b1f0c2d93e";
const TRANSCRIPTS = 12;

/** A real, running OpenClaw with what people have around it, and what goes on in it meanwhile. */
export class Scene implements AsyncDisposable {
  readonly lab: OpenClawLab;
  readonly secret = API_KEY;
  readonly #furniture: Furniture;
  readonly #resources: AsyncDisposableStack;
  #brokenConfig: string | undefined;

  private constructor(lab: OpenClawLab, furniture: Furniture, resources: AsyncDisposableStack) {
    this.lab = lab;
    this.#furniture = furniture;
    this.#resources = resources;
  }

  /** Takes about a minute. */
  static async create(): Promise<Scene> {
    await using resources = new AsyncDisposableStack();
    const lab = resources.use(await OpenClawLab.create());
    const furniture = await furnish(lab, { model: "not-a-secret" });
    writeOlderThings(lab);
    await lab.start();
    await lab.addCron("greet", { command: furniture.script });
    await teachSkill(lab, furniture);
    await lab.turn("My cat is called Miso.");
    await lab.turn("The gate is the weak spot.", { agent: "ops" });
    resources.defer(await startWriter(lab, furniture));
    return new Scene(lab, furniture, resources.move());
  }

  /** What is there right now, to be found again. Taken anew before each capture. */
  parts(): Part[] {
    const { lab } = this;
    const { whatsapp, places, skills, plugin } = this.#furniture;
    const [home, volume] = places;
    const inState = (path: string): string => join(lab.stateDir, path);
    return [
      filesPart("`openclaw.json` and `.env`", ["openclaw.json", ".env"].map(inState)),
      rowsPart("OpenClaw's own databases", [
        question(agentDatabase(lab.stateDir), "session_id || '/' || seq", "transcript_events"),
        question(stateDatabase(lab.stateDir), "job_id", "cron_jobs", "job_json"),
      ]),
      rowsPart("a `gateway.db` that is written to all the time", [
        {
          ...question(inState("gateway.db"), "seq", "messages", "body"),
          invariant: "SELECT sum(balance) = 0 FROM accounts",
        },
      ]),
      rowsPart("a database whose rows are in its log only", [
        question(inState("notes.sqlite"), "id", "notes", "body"),
      ]),
      filesPart("transcripts `*.jsonl` of an older release", [inState("agents/clawd/sessions")]),
      generationPart("a WhatsApp account of 301 files, renewed meanwhile", whatsapp),
      filesPart("a workspace elsewhere", [join(home, "brain")]),
      filesPart("an `agentDir` and a workspace on another volume", [
        join(volume, "ops-agent"),
        join(volume, "ops-workspace"),
      ]),
      filesPart("an `$include` elsewhere", [join(volume, "shared")]),
      filesPart("a SecretRef's file", [join(home, "secrets")]),
      filesPart("skills behind links", skills),
      filesPart("a plugin loaded from where it is", [plugin]),
      filesPart("the scripts of a cron job", [join(home, "automation"), join(volume, "lib")]),
      filesPart("the service unit and `gateway.env`", [join(home, ".config")]),
    ];
  }

  /** Ends the gateway, which would mend it, and takes the last brace out of the configuration. */
  async breakConfig(): Promise<void> {
    await this.lab.stop();
    const path = join(this.lab.stateDir, "openclaw.json");
    this.#brokenConfig ??= readFileSync(path, "utf8").replace(/\}\s*$/, "");
    writeFileSync(path, this.#brokenConfig);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#resources.disposeAsync();
  }
}

function question(
  database: string,
  key: string,
  table: string,
  value = "coalesce(event_json, hex(event_zstd))",
): { database: string; query: string } {
  return { database, query: `SELECT ${key} AS key, ${value} AS value FROM ${table}` };
}

/** What an update leaves behind, and how the gateway is started. */
function writeOlderThings({ stateDir, home }: OpenClawLab): void {
  for (let index = 1; index <= TRANSCRIPTS; index += 1) {
    const lines = Array.from({ length: 50 }, (_, line) =>
      JSON.stringify({ type: "message", id: `${index}-${line}`, message: { role: "user" } }),
    );
    put(join(stateDir, `agents/clawd/sessions/session-${index}.jsonl`), `${lines.join("\n")}\n`);
  }
  put(join(stateDir, ".env"), `WEATHER_API_KEY=${API_KEY}\n`, 0o600);
  put(join(home, ".config/openclaw/gateway.env"), "OPENCLAW_GATEWAY_TOKEN=lab-token\n", 0o600);
  put(
    join(home, ".config/systemd/user/openclaw-gateway.service"),
    "[Service]\nExecStart=/usr/bin/env openclaw gateway run\n",
  );
}

async function startWriter(
  lab: OpenClawLab,
  { whatsapp }: Furniture,
): Promise<() => Promise<void>> {
  const databases = ["gateway.db", "notes.sqlite"].map((name) => join(lab.stateDir, name));
  const script = join(import.meta.dirname, "writer.ts");
  const argv = [script, ...databases, whatsapp, String(KEY_FILES)];
  const writer = spawn(process.execPath, argv, { stdio: ["pipe", "pipe", "inherit"] });
  const ended = once(writer, "close");
  await Promise.race([
    once(writer.stdout, "data"),
    ended.then(() => Promise.reject(new Error("the writer ended at once"))),
  ]);
  return async () => {
    writer.stdin.end();
    await ended;
  };
}

function put(path: string, content: string, mode = 0o644): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content, { mode });
}
