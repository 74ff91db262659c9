/**
 * A run that stops a gateway, as a process of its own that a test can kill: says `working`, and
 * works until it is ended. Arguments: the home directory; `--done` to end the work at once.
 */
import { setTimeout as delay } from "node:timers/promises";
import { findGateway } from "../../src/gateway/find-gateway.ts";
import { withGatewayStopped } from "../../src/gateway/with-gateway-stopped.ts";
import { findInstance } from "../../src/openclaw/find-instance.ts";
import type { Surroundings } from "../../src/openclaw/user-paths.ts";

const [home = "", mode] = process.argv.slice(2);
const surroundings: Surroundings = { env: process.env, home, platform: process.platform };
const control = await findGateway(await findInstance(surroundings), surroundings);
if (control === undefined) throw new Error("no gateway runs");
const stopping = new AbortController();
process.once("SIGTERM", () => stopping.abort());
const { downtimeMs, trouble } = await withGatewayStopped(
  control,
  { signal: stopping.signal },
  async () => {
    process.stdout.write("working\n");
    if (mode === "--done") return;
    await delay(600_000, undefined, { signal: stopping.signal }).catch(() => undefined);
  },
);
process.stdout.write(`${JSON.stringify({ kind: control.kind, downtimeMs, trouble })}\n`);
