import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { serviceFiles } from "./service-files.ts";

let home = "";
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "clawback-services-"));
});
afterEach(() => rm(home, { recursive: true, force: true }));

async function filesFor(name: string, platform: NodeJS.Platform): Promise<string[]> {
  const stateDir = join(home, ".openclaw");
  const instance = { name, stateDir, realStateDir: stateDir, configPath: undefined, home };
  const systemUnits = join(home, "etc");
  const found = await serviceFiles(instance, { env: {}, home, platform, systemUnits });
  return found.map((path) => path.slice(home.length + 1));
}

async function put(...paths: string[]): Promise<void> {
  for (const path of paths) {
    await mkdir(dirname(join(home, path)), { recursive: true });
    await writeFile(join(home, path), "x");
  }
}

test("units of the user and of the system, with what overrides them", async () => {
  const user = ".config/systemd/user";
  await put(
    `${user}/openclaw-gateway.service`,
    `${user}/openclaw-gateway.service.d/env.conf`,
    `${user}/openclaw-gateway-work.service`,
    `${user}/openclaw-gateway.service.bak`,
    `${user}/other.service`,
    "etc/openclaw-gateway.service",
    "etc/openclaw-gateway@me.service",
  );
  expect(await filesFor("default", "linux")).toEqual([
    `${user}/openclaw-gateway-work.service`,
    `${user}/openclaw-gateway.service`,
    `${user}/openclaw-gateway.service.d`,
    "etc/openclaw-gateway.service",
    "etc/openclaw-gateway@me.service",
  ]);
  expect(await filesFor("work", "linux")).toEqual([`${user}/openclaw-gateway-work.service`]);
  expect(await filesFor("wor.", "linux")).toEqual([]);
});

test("agents of launchd", async () => {
  const agents = "Library/LaunchAgents";
  await put(`${agents}/ai.openclaw.gateway.plist`, `${agents}/ai.openclaw.work.plist`);
  await put(`${agents}/com.example.plist`);
  expect(await filesFor("default", "darwin")).toHaveLength(2);
  expect(await filesFor("work", "darwin")).toEqual([`${agents}/ai.openclaw.work.plist`]);
});
