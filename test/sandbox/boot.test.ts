/** How a boot is judged: by a stand-in for OpenClaw that may misbehave. */
import { readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { isolationHere } from "../../src/sandbox/isolation.ts";
import type { Isolation } from "../../src/sandbox/isolation.ts";
import { Sandbox } from "../../src/sandbox/sandbox.ts";
import type { BootEvidence } from "../../src/sandbox/sandbox.ts";
import { buildHouse } from "./house.ts";
import type { House } from "./house.ts";

const here = await isolationHere();
const skipped = here.kind === "none" && process.env["CI"] !== "true";
const TOKEN = "gateway-token-1234";
const FAKE = resolve(import.meta.dirname, "fake-openclaw.mjs");

let house: House & AsyncDisposable;

beforeEach(async () => {
  house = await buildHouse();
  await configure({});
});

afterEach(() => house[Symbol.asyncDispose]());

async function configure(more: object): Promise<void> {
  const config = { gateway: { port: 18799, auth: { token: TOKEN } }, ...more };
  await writeFile(house.copy.at(join(house.state, "openclaw.json")), JSON.stringify(config));
}

const misbehave = (how: object): Promise<void> =>
  writeFile(house.copy.at(join(house.state, "fake.json")), JSON.stringify(how));

async function boot(isolation: Isolation): Promise<BootEvidence> {
  const openclaw = { words: [process.execPath, FAKE] as [string, string], version: "0.0.0" };
  const { copy, scratch } = house;
  const { signal } = new AbortController();
  await using sandbox = await Sandbox.open({ copy, openclaw, isolation, scratch, signal });
  return await sandbox.boot();
}

const local = {
  models: {
    providers: { fake: { baseUrl: "http://127.0.0.1:18798/v1", api: "openai-completions" } },
  },
};

describe.skipIf(skipped)("in namespaces (skipped where there are none)", () => {
  test("a gateway that does all it should", async () => {
    await configure(local);
    const evidence = await boot(here);
    expect(evidence).toMatchObject({
      isolation: "namespaces",
      sessions: 2,
      crons: 1,
      turn: { ok: true, agent: "clawd", reply: "The stand-in for the model has answered." },
      stopped: true,
      notLoaded: ["oven"],
      problems: [],
    });
    expect(evidence.readyMs).toBeGreaterThan(0);
    expect(evidence.log).toContain("token ***");
    expect(evidence.log).toContain("skips 1");
    expect(JSON.stringify(evidence)).not.toContain(TOKEN);
  });

  test("a model far away is stood in for, and that is said; the copy stays as it was", async () => {
    await configure({ models: { providers: { fake: { baseUrl: "https://models.example/v1" } } } });
    const path = house.copy.at(join(house.state, "openclaw.json"));
    const before = await readFile(path, "utf8");
    const evidence = await boot(here);
    expect(evidence.turn).toMatchObject({ ok: true });
    expect(evidence.notes.join()).toContain("a stand-in for the model was added");
    expect(await readFile(path, "utf8")).toBe(before);
  });

  test("a gateway that ends is no boot", async () => {
    await misbehave({ gateway: "ends" });
    const evidence = await boot(here);
    expect(evidence).toMatchObject({ readyMs: null, sessions: null, turn: null, stopped: false });
    expect(evidence.problems).toEqual(["the gateway did not get ready: it ended with 3"]);
  });

  test("one that fails when it is stopped, and an agent that does not answer, are problems", async () => {
    await configure(local);
    await misbehave({ gateway: "fails", agent: "fails" });
    const evidence = await boot(here);
    expect(evidence.turn).toMatchObject({ ok: false, reply: "the workspace vanished" });
    expect(evidence.problems).toEqual([
      "the gateway did not end cleanly: it ended with 1",
      "agent clawd did not answer: the workspace vanished",
    ]);
  });
});

test("F25: without namespaces the gateway gets another port and another home", async () => {
  const evidence = await boot({ kind: "none", why: "to see what happens" });
  expect(evidence).toMatchObject({
    isolation: "rewritten",
    sessions: 2,
    crons: 1,
    turn: { ok: true },
    stopped: true,
    problems: [],
  });
  const live = await readFile(join(house.state, "openclaw.json"), "utf8");
  expect(live).toBe('{"says":"live"}');
});
