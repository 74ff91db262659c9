import { existsSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { barGateway, liftBars } from "../../src/gateway/bars.ts";
import type { Bar } from "../../src/gateway/bars.ts";
import { findGateway } from "../../src/gateway/find-gateway.ts";
import { startAgain, toJournal } from "../../src/gateway/gateway-note.ts";
import { controlGroupsOf } from "../../src/gateway/process-table.ts";
import type { GatewayControl } from "../../src/gateway/recipe.ts";
import { withGatewayDown } from "../../src/gateway/with-gateway-down.ts";
import { withGatewayStopped } from "../../src/gateway/with-gateway-stopped.ts";
import type { Surroundings } from "../../src/openclaw/user-paths.ts";
import { StandIn } from "./stand-in.ts";
import { UserManager } from "./user-manager.ts";

const STOPPING = resolve(import.meta.dirname, "stopping.ts");
const UNIT = "openclaw-gateway.service";
const missing = UserManager.missing();

describe.skipIf(missing !== undefined)(`with a real systemd --user (${missing ?? "here"})`, () => {
  let gateway: StandIn;
  let manager: UserManager;
  let surroundings: Surroundings;

  beforeAll(async () => {
    gateway = await StandIn.create({ SLOW_END_MS: "500" });
    const home = join(gateway.root, "home");
    await writeUnit(UNIT, gateway, ["Restart=always", "RestartSec=0"]);
    manager = await UserManager.start(home);
    surroundings = { env: manager.env, home, platform: "linux" };
  });

  afterAll(async () => {
    await manager?.[Symbol.asyncDispose]();
    await gateway?.[Symbol.asyncDispose]();
  });

  async function found(): Promise<GatewayControl> {
    const control = await findGateway(await gateway.instance(), surroundings);
    if (control === undefined) throw new Error("not found");
    return control;
  }

  test("not started: it does not run", async () => {
    expect(await findGateway(await gateway.instance(), surroundings)).toBeUndefined();
  });

  test("a unit is stopped for the work, and active again afterwards", async () => {
    const { length } = await gateway.said();
    await manager.systemctl("start", UNIT);
    await gateway.untilSaid(length + 1);
    const control = await found();
    expect(control).toMatchObject({ kind: "systemd", notes: [] });
    expect(control.describe).toBe(`the systemd user unit ${UNIT}`);
    expect(control.gateway?.pid).toBe(await mainPid(UNIT));
    const { trouble } = await withGatewayStopped(control, {}, async () => {
      expect(await gateway.running()).toBeUndefined();
      expect(await mainPid(UNIT)).toBe(0);
    });
    expect(trouble).toBeUndefined();
    expect(await mainPid(UNIT)).toBeGreaterThan(0);
    expect((await gateway.running())?.pid).toBe(await mainPid(UNIT));
  });

  test("is active again after SIGKILL of the run, and while it still ends", async () => {
    const { length } = await gateway.said();
    const run = manager.run(process.execPath, STOPPING, join(gateway.root, "home"));
    const killed = run.then(
      () => false,
      () => true,
    );
    while ((await gateway.running()) !== undefined) await delay(20);
    const pids = (await manager.run("pgrep", "-f", `${STOPPING} ${gateway.root}`)).trim();
    process.kill(Number(pids), "SIGKILL");
    expect(await killed).toBe(true);
    await gateway.untilSaid(length + 1);
    expect(await mainPid(UNIT)).toBeGreaterThan(0);
    // The keeper must have seen that it is ready, or it takes our stop for a failed start.
    await delay(2_000);
    await manager.systemctl("stop", UNIT);
  });

  test("barred, a unit does not start as long as the journal exists", async () => {
    const home = join(gateway.root, "home");
    const journal = join(gateway.root, "100% of a journal.json");
    await writeFile(journal, "");
    const record = async (): Promise<void> => {};
    const instance = await gateway.instance();
    const bars = await barGateway(instance, surroundings, journal, { record });
    const file = join(home, `.config/systemd/user.control/${UNIT}.d/clawback-restore.conf`);
    expect(bars).toMatchObject([{ kind: "systemd", scope: "user", unit: UNIT, file }]);
    const { length } = await gateway.said();
    await manager.systemctl("start", UNIT);
    expect(await conditionHolds(UNIT)).toBe("no");
    // As after a power cut at the last moment: the journal is closed, and nobody has lifted it.
    await rm(journal);
    await manager.systemctl("start", UNIT);
    await gateway.untilSaid(length + 1);
    await manager.systemctl("stop", UNIT);
    await writeFile(journal, "");
    expect(await liftBars(JSON.parse(JSON.stringify(bars)) as Bar[])).toEqual([]);
    expect(existsSync(join(home, ".config/systemd/user.control"))).toBe(false);
    await manager.systemctl("start", UNIT);
    await gateway.untilSaid(length + 2);
    expect(await liftBars(bars), "again").toEqual([]);
    await manager.systemctl("stop", UNIT);
  });

  test("a unit is down, barred, for a replacement; started, stopped again, and started", async () => {
    const { length } = await gateway.said();
    await manager.systemctl("start", UNIT);
    await gateway.untilSaid(length + 1);
    const control = await found();
    const journalDir = join(gateway.root, "journal");
    const record = async (): Promise<void> => {};
    // Any file that is there will do for a journal.
    const bars = await barGateway(await gateway.instance(), surroundings, gateway.log, {
      control,
      record,
    });
    const { trouble, problems } = await withGatewayDown(
      control,
      { journalDir, bars },
      async (down) => {
        await manager.systemctl("start", UNIT);
        expect(await mainPid(UNIT), "kept from starting").toBe(0);
        await down.start();
        expect((await gateway.running())?.pid).toBe(await mainPid(UNIT));
        await down.stop();
        expect(await gateway.running()).toBeUndefined();
      },
    );
    expect({ trouble, problems }).toEqual({ trouble: undefined, problems: [] });
    expect((await gateway.running())?.pid).toBe(await mainPid(UNIT));
    await manager.systemctl("stop", UNIT);
  });

  test("a unit that ran is started again from a journal's note", async () => {
    const { length } = await gateway.said();
    await manager.systemctl("start", UNIT);
    await gateway.untilSaid(length + 1);
    const note = toJournal(await found());
    await manager.systemctl("stop", UNIT);
    expect(await startAgain(JSON.parse(JSON.stringify(note)) as typeof note)).toEqual({
      started: true,
    });
    expect(await mainPid(UNIT)).toBeGreaterThan(0);
    await manager.systemctl("stop", UNIT);
    const gone = await startAgain({ ...note, unit: "gone.service" } as typeof note, 1_000);
    expect(gone).toMatchObject({ started: false, hint: expect.stringContaining("systemctl") });
  });

  test("a unit of any name is found by the process's control group", async () => {
    await writeUnit("my-clawd.service", gateway);
    await manager.systemctl("daemon-reload");
    const { length } = await gateway.said();
    await manager.systemctl("start", "my-clawd.service");
    await gateway.untilSaid(length + 1);
    const control = await found();
    expect(control.describe).toBe("the systemd user unit my-clawd.service");
    const { trouble } = await withGatewayStopped(control, {}, async () => {});
    expect(trouble).toBeUndefined();
    await manager.systemctl("stop", "my-clawd.service");
  });

  test("a unit that fails to start is told", async () => {
    const broken = join(gateway.root, "broken");
    await writeUnit("breaking.service", gateway, [`Environment=BROKEN=${broken}`]);
    await manager.systemctl("daemon-reload");
    const { length } = await gateway.said();
    await manager.systemctl("start", "breaking.service");
    await gateway.untilSaid(length + 1);
    const { trouble } = await withGatewayStopped(await found(), {}, () => writeFile(broken, ""));
    expect(trouble?.code).toBe("E_GATEWAY_DOWN");
  });

  test("a plain gateway, stopped by a scheduled run, outlives that run's service", async () => {
    const { length } = await gateway.said();
    const child = await gateway.start();
    const home = join(gateway.root, "home");
    const words = [process.execPath, STOPPING, home, "--done"];
    const said = join(gateway.root, "run.log");
    const output = ["StandardOutput", "StandardError"].map(
      (name) => `--property=${name}=file:${said}`,
    );
    const ran = manager.run(
      "systemd-run",
      "--user",
      "--wait",
      "--quiet",
      ...output,
      "--",
      ...words,
    );
    await ran.catch(() => undefined);
    expect(await readFile(said, "utf8")).toContain('"kind":"process"');
    const { pid } = await gateway.untilSaid(length + 2);
    expect(pid).not.toBe(child.pid);
    await delay(500);
    expect((await gateway.running())?.pid).toBe(pid);
    expect((await controlGroupsOf(pid)).join()).toMatch(/run-.*\.scope/);
  });

  async function conditionHolds(unit: string): Promise<string> {
    const words = ["show", "--property=ConditionResult", "--value", unit];
    return (await manager.systemctl(...words)).trim();
  }

  async function mainPid(unit: string): Promise<number> {
    return Number(await manager.systemctl("show", "--property=MainPID", "--value", unit));
  }
});

async function writeUnit(name: string, gateway: StandIn, extra: string[] = []): Promise<void> {
  const folder = join(gateway.root, "home/.config/systemd/user");
  await mkdir(folder, { recursive: true });
  const lines = [
    "[Service]",
    `ExecStart=${gateway.command.join(" ")}`,
    `Environment=${Object.entries(gateway.env)
      .map(([key, value]) => `${key}=${value}`)
      .join(" ")}`,
    `StandardOutput=append:${gateway.log}`,
    `StandardError=append:${gateway.log}`,
    ...extra,
  ];
  await writeFile(join(folder, name), `${lines.join("\n")}\n`);
}
