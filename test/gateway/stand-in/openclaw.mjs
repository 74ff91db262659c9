/**
 * Stands in for OpenClaw's gateway where a test needs one that is quick, slow, stubborn or broken
 * on order: `openclaw.mjs gateway run --port <n>` with the lock, the lock database and the HTTP
 * answers of 2026.9. Its environment says how it shall behave.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

const { STATE = "", SLOW_END_MS = "0", TITLE, BROKEN, SECRET = "", PORT_IN_LOCK } = process.env;
const port = Number(process.argv[process.argv.indexOf("--port") + 1]);
if (BROKEN !== undefined && existsSync(BROKEN)) process.exit(1);
if (TITLE !== undefined) process.title = TITLE;

const folder = join(STATE, "tmp", `openclaw-${process.getuid()}`);
mkdirSync(folder, { recursive: true });
const lockPath = join(folder, "gateway.state.lock");
const database = new DatabaseSync(`${lockPath}.sqlite`, { timeout: 1000 });
database.exec("BEGIN EXCLUSIVE");
const stat = readFileSync("/proc/self/stat", "utf8");
const startTime = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]);
const pid = Number(stat.split(" ", 1)[0]);

const server = createServer((request, response) => {
  const known = ["/healthz", "/readyz"].includes(request.url ?? "");
  response.writeHead(known ? 200 : 404).end('{"ok":true}');
});
server.listen(port, "127.0.0.1", () => {
  const { port: bound } = server.address();
  writeFileSync(
    lockPath,
    JSON.stringify({
      pid,
      createdAt: "now",
      configPath: "",
      port: Number(PORT_IN_LOCK ?? bound),
      startTime,
    }),
  );
  const about = { pid, cwd: process.cwd(), argv: process.argv.slice(2), secret: SECRET.length };
  process.stdout.write(
    `${JSON.stringify({ ...about, umask: process.umask(), uid: process.getuid() })}\n`,
  );
});

process.once("SIGTERM", () => {
  // As the real one: the port is closed long before the process has let go of its databases.
  server.close();
  server.closeAllConnections();
  setTimeout(() => {
    rmSync(lockPath, { force: true });
    database.close();
    process.exit(0);
  }, Number(SLOW_END_MS));
});
