import { statSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { findGateway } from "../../src/gateway/find-gateway.ts";
import { healthOf } from "../../src/gateway/health.ts";
import { occupantsOf } from "../../src/gateway/occupants.ts";
import { probeOf } from "../../src/gateway/probe.ts";
import { withGatewayDown } from "../../src/gateway/with-gateway-down.ts";
import { buildNewTree, journalDirOf } from "../gateway/new-tree.ts";
import { StandIn } from "../gateway/stand-in.ts";

/** Its port is closed, and it holds its database: as OpenClaw's does for minutes after SIGTERM. */
async function endingGateway(): Promise<{ gateway: StandIn; pid: number }> {
  const gateway = await StandIn.create({ SLOW_END_MS: "3000" });
  const { pid = 0 } = await gateway.start();
  process.kill(pid, "SIGTERM");
  while ((await probeOf(gateway.port)).kind !== "alive") await delay(20);
  return { gateway, pid };
}

test("F24: a gateway whose port is closed is found, named, and not called well", async () => {
  const { gateway, pid } = await endingGateway();
  await using _ = gateway;
  const instance = await gateway.instance();
  expect((await findGateway(instance, gateway.surroundings))?.gateway?.pid).toBe(pid);
  expect((await occupantsOf([gateway.stateDir])).occupants).toMatchObject([
    { pid, command: "node", how: "open file" },
  ]);
  expect(await healthOf(instance, gateway.surroundings, { timeoutMs: 0 })).toEqual({
    ok: false,
    why: `the gateway does not listen on port ${gateway.port}`,
  });
});

test("F24: nothing is replaced before it is gone with all it held", async () => {
  const { gateway } = await endingGateway();
  await using _ = gateway;
  const { ino } = statSync(gateway.stateDir);
  const control = await findGateway(await gateway.instance(), gateway.surroundings);
  const transaction = await buildNewTree(gateway.stateDir);
  const options = { journalDir: journalDirOf(gateway.stateDir), bars: [] };
  await withGatewayDown(control, options, async (down) => {
    expect(await occupantsOf([gateway.stateDir])).toMatchObject({ occupants: [] });
    expect(statSync(gateway.stateDir).ino).toBe(ino);
    await transaction.swap();
    await down.start();
    await transaction.commit();
  });
  expect(statSync(gateway.stateDir).ino).not.toBe(ino);
  const { occupants } = await occupantsOf([gateway.stateDir]);
  expect(occupants).toMatchObject([{ pid: (await gateway.running())?.pid }]);
});

test("F24: what answers on its port without being it does not count as well", async () => {
  await using gateway = await StandIn.create();
  await gateway.start();
  await using other = await StandIn.create({ PORT_IN_LOCK: String(gateway.port) });
  await other.start();
  const health = await healthOf(await other.instance(), other.surroundings, { timeoutMs: 0 });
  expect(health).toEqual({
    ok: false,
    why: `the gateway does not listen on port ${gateway.port}`,
  });
});
