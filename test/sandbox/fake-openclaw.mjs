/**
 * In the place of OpenClaw: a gateway with two sessions and a cron job. `fake.json` in the state
 * directory says how it misbehaves: `{"gateway": "ends" | "stays", "agent": "fails"}`.
 */
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { homedir } from "node:os";
import { dirname, join } from "node:path";

const state = process.env.OPENCLAW_STATE_DIR ?? join(homedir(), ".openclaw");
const config = configAt(join(state, "openclaw.json"));
const misbehaviour = join(state, "fake.json");
const bad = existsSync(misbehaviour) ? JSON.parse(readFileSync(misbehaviour, "utf8")) : {};
const [command, sub, path] = process.argv.slice(2);

function configAt(path) {
  const { $include, ...own } = JSON.parse(readFileSync(path, "utf8"));
  if ($include === undefined) return own;
  const { gateway, ...beneath } = configAt(join(dirname(path), $include));
  return { ...beneath, ...own, gateway: { ...gateway, ...own.gateway } };
}

const providers = config.models?.providers ?? {};
const answers = {
  "config get": {
    gateway: { port: config.gateway?.port ?? 18789 },
    "models.providers": providers,
    "plugins.entries": { lamp: { enabled: true }, oven: { enabled: true }, idle: {} },
  }[path],
  "agents list": [{ id: "clawd", isDefault: true, model: config.agents?.model ?? "fake/one" }],
  "cron list": { jobs: [{ id: "a" }] },
  "sessions list": { sessions: [{ key: "one" }, { key: "two" }] },
  "plugins list": { plugins: [{ id: "lamp", enabled: true, status: "loaded" }] },
};

if (command === "gateway") {
  process.stdout.write(
    `token ${config.gateway?.auth?.token}\nskips ${process.env.OPENCLAW_SKIP_CHANNELS}\n`,
  );
  if (bad.gateway === "ends") process.exit(3);
  const given = process.argv.indexOf("--port");
  const port = given < 0 ? (config.gateway?.port ?? 18789) : Number(process.argv[given + 1]);
  const server = createServer((_, response) => response.end("{}")).listen(port, "127.0.0.1");
  process.on("SIGTERM", () => {
    if (bad.gateway === "fails") process.exit(1);
    server.close();
    server.closeAllConnections();
  });
} else if (command === "agent") {
  const model = providers[process.argv.includes("--model") ? "clawback-stand-in" : "fake"];
  if (bad.agent === "fails") {
    process.stdout.write(
      JSON.stringify({ ok: false, error: { message: "the workspace vanished" } }),
    );
    process.exit(1);
  }
  const response = await fetch(`${model.baseUrl}/chat/completions`, { method: "POST", body: "{}" });
  const { choices } = await response.json();
  const payloads = [{ text: choices[0].message.content }];
  process.stdout.write(JSON.stringify({ result: { payloads } }));
} else {
  process.stdout.write(
    `warning: this is a fake\n${JSON.stringify(answers[`${command} ${sub}`])}\n`,
  );
}
