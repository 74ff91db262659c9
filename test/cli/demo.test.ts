import { readdir } from "node:fs/promises";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { DemoDocument } from "../../src/operations/documents.ts";
import { processTree, waitUntilGone } from "../lab/processes.ts";
import { Sandbox } from "./clawback.ts";

let sandbox: Sandbox;
let temporary: string;

beforeAll(async () => {
  sandbox = await Sandbox.create();
  temporary = await mkdtemp(join(tmpdir(), "clawback-demo-test-"));
});
afterAll(async () => {
  await sandbox[Symbol.asyncDispose]();
  await rm(temporary, { recursive: true, force: true });
});

/** Nothing may stay behind, neither in the user's home nor among temporary files. */
async function leftBehind(): Promise<string[]> {
  return [...(await readdir(sandbox.home)), ...(await readdir(temporary))];
}

/** Waits until the agent's process is there, and for a while more. */
async function untilWriting(root: number, more: number): Promise<number[]> {
  for (;;) {
    const tree = await processTree(root);
    if (tree.length > 1) {
      await delay(more);
      return processTree(root);
    }
    await delay(50);
  }
}

test("the whole story, in under a minute, without a trace", async () => {
  const { stdout, stderr, code } = await sandbox.run(["demo", "--json"], {
    env: { TMPDIR: temporary },
  });
  expect(stderr).toBe("");
  const document = JSON.parse(stdout) as DemoDocument;
  expect(document.steps.filter(({ ok }) => !ok)).toEqual([]);
  expect(document.ok).toBe(true);
  expect(code).toBe(0);
  expect(document.steps.length).toBeGreaterThanOrEqual(8);
  expect(document.duration).toBeLessThan(60);
  expect(stdout).not.toContain(temporary);
  expect(await leftBehind()).toEqual([]);
});

test.each([
  ["at work", 0],
  ["being protected", 1200],
  ["backed up again", 2500],
])("Ctrl-C while the agent is %s leaves nothing behind", async (_, after) => {
  let pids: number[] = [];
  const { code } = await sandbox.run(["demo"], {
    env: { TMPDIR: temporary },
    meanwhile: async (child) => {
      pids = await untilWriting(child.pid as number, after);
      child.kill("SIGINT");
    },
  });
  expect(pids.length).toBeGreaterThan(1);
  expect(code).toBe(130);
  expect(await waitUntilGone(pids, 2000)).toBe(true);
  expect(await leftBehind()).toEqual([]);
});

test("killed, it takes the agent's process with it", async () => {
  let pids: number[] = [];
  const { code } = await sandbox.run(["demo"], {
    env: { TMPDIR: temporary },
    meanwhile: async (child) => {
      pids = await untilWriting(child.pid as number, 500);
      child.kill("SIGKILL");
    },
  });
  expect(code).toBe(null);
  expect(await waitUntilGone(pids, 5000)).toBe(true);
  // Of SIGKILL nobody hears: this much is for the system to tidy up.
  await rm(temporary, { recursive: true });
});
