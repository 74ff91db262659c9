import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { hasCode } from "../../src/errors.ts";
import type { GatewayControl } from "../../src/gateway/recipe.ts";
import { withGatewaySuspended } from "../../src/gateway/with-gateway-suspended.ts";
import type { SuspendOptions } from "../../src/gateway/with-gateway-suspended.ts";
import { StandIn } from "./stand-in.ts";

interface Setting {
  control: GatewayControl;
  options: SuspendOptions;
  calls: () => Promise<string[]>;
}

/** A gateway out of sight, and an `openclaw` on the PATH that answers as the script says. */
async function setting(standIn: StandIn, script: string): Promise<Setting> {
  const bin = join(standIn.root, "bin");
  const calls = join(standIn.root, "calls");
  await mkdir(bin);
  const program = join(bin, "openclaw");
  await writeFile(program, `#!/bin/sh\necho "$@" >> "${calls}"\n${script}\n`);
  await chmod(program, 0o700);
  const env = { PATH: `${bin}:/usr/bin:/bin` };
  const control: GatewayControl = {
    kind: "docker",
    describe: "a gateway",
    notes: [],
    port: 4711,
    gateway: undefined,
    recipe: () => {
      throw new Error("a suspension needs no recipe");
    },
  };
  return {
    control,
    options: {
      instance: await standIn.instance(),
      surroundings: { ...standIn.surroundings, env },
      waitSeconds: 0,
    },
    calls: async () => (await readFile(calls, "utf8")).trim().split("\n"),
  };
}

/** A lease that ends so many milliseconds from now; a number of the call tells two apart. */
function lease(ms: number, id = "one"): string {
  return `echo "{\\"status\\":\\"ready\\",\\"suspensionId\\":\\"${id}\\",\\"expiresAtMs\\":$(($(date +%s%3N) + ${ms}))}"`;
}

const mustNotRun = (): Promise<never> => Promise.reject(new Error("must not run"));

test("suspends with one request, resumes with its lease", async () => {
  await using standIn = await StandIn.create();
  const { control, options, calls } = await setting(standIn, lease(120_000));
  const { result, outlived, trouble } = await withGatewaySuspended(control, options, async () => 7);
  expect({ result, outlived, trouble }).toEqual({ result: 7, outlived: false, trouble: undefined });
  expect(await calls()).toEqual([
    expect.stringMatching(
      /^gateway suspend --request-id clawback-[\w-]+ --wait 0 --port 4711 --json$/,
    ),
    "gateway resume one --port 4711 --json",
  ]);
});

test("work that fails gives the lease back, and its error comes through", async () => {
  await using standIn = await StandIn.create();
  const { control, options, calls } = await setting(standIn, lease(120_000));
  const failing = withGatewaySuspended(control, options, () => {
    return Promise.reject(new Error("no room"));
  });
  await expect(failing).rejects.toThrow("no room");
  expect((await calls()).at(-1)).toBe("gateway resume one --port 4711 --json");
});

test("a lease that draws to its end is renewed by the same request", async () => {
  await using standIn = await StandIn.create();
  const { control, options, calls } = await setting(standIn, lease(60_500));
  const { outlived } = await withGatewaySuspended(control, options, () => delay(1_800));
  expect(outlived).toBe(false);
  const suspends = (await calls()).filter((call) => call.startsWith("gateway suspend"));
  expect(suspends.length).toBeGreaterThan(1);
  expect(new Set(suspends).size, "one request").toBe(1);
});

test("work that outlives its lease is told so", async () => {
  await using standIn = await StandIn.create();
  const { control, options } = await setting(standIn, lease(-1));
  const { outlived } = await withGatewaySuspended(control, options, () => delay(10));
  expect(outlived).toBe(true);
});

test.for([
  [
    "busy",
    `echo '{"status":"busy","reason":"active-work","blockers":[{"kind":"root-request","count":1,"message":"1 active request"}]}'; exit 1`,
    "the gateway could not be suspended; it is busy: 1 active request",
  ],
  [
    "old",
    `echo "error: unknown command 'suspend'" >&2; exit 1`,
    "this OpenClaw cannot suspend its gateway",
  ],
  [
    "refused",
    `echo '{"ok":false,"error":{"message":"another gateway suspension is already prepared"}}'; exit 1`,
    "the gateway refused to suspend: another gateway suspension is already prepared",
  ],
  ["strange", `echo '{"ok":true}'`, "the gateway refused to suspend: no reason given"],
] as const)("%s: a clear error, and nothing done", async ([, script, message]) => {
  await using standIn = await StandIn.create();
  const { control, options, calls } = await setting(standIn, script);
  const suspended = withGatewaySuspended(control, options, mustNotRun);
  await expect(suspended).rejects.toMatchObject({
    code: "E_GATEWAY",
    message,
    hint: expect.stringContaining("--cold"),
  });
  expect(await calls()).toHaveLength(1);
});

test("without the program there is no suspension", async () => {
  await using standIn = await StandIn.create();
  const { control, options } = await setting(standIn, "");
  options.surroundings = { ...options.surroundings, env: { PATH: "/nowhere" } };
  const suspended = withGatewaySuspended(control, options, mustNotRun);
  await expect(suspended).rejects.toThrow(/openclaw is not found/);
});

test("interrupted on the way to a lease: one that was granted is given back", async () => {
  await using standIn = await StandIn.create();
  const slow = `case "$*" in *"--wait 9"*) exec sleep 9;; esac; ${lease(120_000)}`;
  const { control, options, calls } = await setting(standIn, slow);
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 200);
  const asked = { ...options, waitSeconds: 9, signal: stop.signal };
  const suspended = withGatewaySuspended(control, asked, mustNotRun);
  await expect(suspended).rejects.toSatisfy((error) => hasCode(error, "E_INTERRUPTED"));
  expect((await calls()).at(-1)).toBe("gateway resume one --port 4711 --json");
});

test("a resume that fails is trouble, with the work's result kept", async () => {
  await using standIn = await StandIn.create();
  const script = `case "$2" in resume) exit 1;; esac; ${lease(120_000)}`;
  const { control, options } = await setting(standIn, script);
  const { result, trouble } = await withGatewaySuspended(control, options, async () => 7);
  expect(result).toBe(7);
  expect(trouble).toMatchObject({ code: "E_GATEWAY", hint: expect.stringContaining("by itself") });
});
