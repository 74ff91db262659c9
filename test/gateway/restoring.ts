/**
 * A restore in place, as a process of its own that a test can kill: says `working` and stays where
 * it is. Arguments: the home directory; where to stay: `stopping`, `building`, `started`, or the step of the
 * swap that begins with this word; names of more files in the new tree.
 */
import { setTimeout as delay } from "node:timers/promises";
import { findGateway } from "../../src/gateway/find-gateway.ts";
import { withGatewayDown } from "../../src/gateway/with-gateway-down.ts";
import { findInstance } from "../../src/openclaw/find-instance.ts";
import { buildNewTree, journalDirOf } from "./new-tree.ts";

const [home = "", where = "", ...extra] = process.argv.slice(2);
const surroundings = { env: process.env, home, platform: process.platform };
const instance = await findInstance(surroundings);
const control = await findGateway(instance, surroundings);
const onStep = (what: string): void => {
  if (!what.startsWith(where)) return;
  process.stdout.write("working\n");
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
};
const transaction = await buildNewTree(instance.realStateDir, { onStep, extra });
const options = {
  onStep: (step: string) => void (step === where && process.stdout.write("working\n")),
  journalDir: journalDirOf(instance.realStateDir),
  bars: [],
  startTimeoutMs: 3_000,
};
await withGatewayDown(control, options, async (gateway) => {
  if (where === "building") await stay();
  await transaction.swap();
  await gateway.start();
  await stay();
});

async function stay(): Promise<void> {
  process.stdout.write("working\n");
  await delay(600_000);
}
