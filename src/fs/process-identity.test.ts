import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { currentProcess, isRunning, lifeOf } from "./process-identity.ts";

const self = await currentProcess();
const DEAD_PID = spawnSync(process.execPath, ["--version"]).pid;

test("we run ourselves", async () => {
  expect(self.pid).toBe(process.pid);
  expect(await lifeOf(self, self)).toBe("alive");
});

test.runIf(process.platform === "linux")("Linux tells boot, namespace and start", () => {
  expect(self.bootId).toMatch(/^[0-9a-f-]{36}$/);
  expect(self.pidNamespace).toMatch(/^pid:\[\d+\]$/);
  expect(self.processStart).toMatch(/^\d+$/);
});

test("a child lives, and then does not", async () => {
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1e6)"]);
  await once(child, "spawn");
  const { processStart: _, ...rest } = self;
  const identity = { ...rest, pid: child.pid as number };
  expect(await lifeOf(identity, self)).toBe("alive");
  child.kill("SIGKILL");
  await once(child, "exit");
  expect(await lifeOf(identity, self)).toBe("dead");
});

const linux = {
  hostname: "h",
  pid: DEAD_PID,
  bootId: "boot-1",
  pidNamespace: "pid:[1]",
  machineId: "m",
};
const mac = { hostname: "h", pid: DEAD_PID };

test.each([
  ["dead", linux, {}, "dead"],
  ["dead, the host renamed", linux, { hostname: "renamed" }, "dead"],
  ["dead, other container", linux, { pidNamespace: "pid:[2]" }, "unknown"],
  ["after a reboot", linux, { bootId: "boot-0" }, "dead"],
  ["other machine", linux, { bootId: "boot-0", machineId: "n" }, "unknown"],
  ["a renamed machine, or a clone", linux, { bootId: "boot-0", hostname: "g" }, "unknown"],
  ["without boot ids: dead", mac, {}, "dead"],
  ["without boot ids: other host", mac, { hostname: "g" }, "unknown"],
] as const)("%s", async (_what, me, changes, life) => {
  expect(await lifeOf({ ...me, ...changes }, me)).toBe(life);
});

test("who tells no boot id is unknown to who has one", async () => {
  expect(await lifeOf(mac, linux)).toBe("unknown");
  expect(await lifeOf(linux, mac)).toBe("unknown");
});

test("pids that are none do not run, others' processes do", () => {
  expect([0, -1, 1.5, Number.NaN, 2 ** 60].map(isRunning)).toEqual(Array(5).fill(false));
  expect(isRunning(1)).toBe(true);
});

test.runIf(process.platform === "linux")(
  "one that ended and was not asked for is dead",
  async () => {
    // The child of the shell ends soon; what the shell becomes never asks for it.
    const parent = spawn("sh", ["-c", "sleep 0.2 & echo $!; exec sleep 30"], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    try {
      const [data] = (await once(parent.stdout, "data")) as [Buffer];
      const pid = Number(data);
      await expect.poll(() => lifeOf(omitStart(pid), self)).toBe("dead");
      expect(isRunning(pid)).toBe(true);
    } finally {
      parent.kill("SIGKILL");
    }
  },
);

function omitStart(pid: number) {
  const { processStart: _, ...rest } = self;
  return { ...rest, pid };
}
