/**
 * What runs in a sandbox, seen from inside and outside: small programs in the place of OpenClaw.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, rename, symlink } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo, ListenOptions } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isolationHere } from "../../src/sandbox/isolation.ts";
import { Sandbox } from "../../src/sandbox/sandbox.ts";
import { buildHouse, root } from "./house.ts";
import type { House } from "./house.ts";
import { processesWith } from "./processes.ts";
import { inside, list, reach, read, write } from "./questions.ts";

const here = await isolationHere();
const skipped = here.kind === "none" && process.env["CI"] !== "true";
const why = here.kind === "none" ? ` (skipped: ${here.why})` : "";
const user = { kind: "namespaces" as const, user: true };
/** Root can go both ways. */
const ways = here.kind === "namespaces" && !here.user ? [here, user] : [user];

describe.skipIf(skipped).each(ways)(`a box of namespaces, user: $user${why}`, (isolation) => {
  let house: House & AsyncDisposable;
  let sandbox: Sandbox;

  const open = (
    { copy, program, scratch }: House,
    signal = new AbortController().signal,
  ): Promise<Sandbox> => Sandbox.open({ copy, openclaw: program, isolation, scratch, signal });

  beforeAll(async () => {
    house = await buildHouse();
    await symlink(join(house.home, ".ssh/id"), house.copy.at(join(house.state, "link")));
    process.env["SSH_AUTH_SOCK"] = "/nowhere";
    sandbox = await open(house);
  });

  afterAll(async () => {
    delete process.env["SSH_AUTH_SOCK"];
    await sandbox?.[Symbol.asyncDispose]();
    await house?.[Symbol.asyncDispose]();
  });

  test("F25: it reaches no listener of the machine, on the loopback or a Unix socket", async () => {
    await using tcp = await listening({ host: "127.0.0.1", port: 0 });
    const named = join(house.home, "agent.sock");
    await using _named = await listening({ path: named });
    const abstract = `\0clawback-${process.pid}-${tcp.port}`;
    await using _abstract = await listening({ path: abstract });
    const found = await inside(sandbox, {
      loopback: reach({ port: tcp.port, host: "127.0.0.1" }),
      named: reach({ path: named }),
      abstract: reach({ path: abstract }),
      far: reach({ port: 80, host: "192.0.2.1" }),
      own: `new Promise((resolve) => {
        const server = createServer((socket) => { socket.end(); server.close(); });
        server.listen(0, "127.0.0.1", () => connect(server.address().port, "127.0.0.1")
          .on("connect", () => resolve("connected")).on("error", ({ code }) => resolve(code)));
      })`,
    });
    expect(found).toEqual({
      loopback: "ECONNREFUSED",
      named: "ENOENT",
      abstract: "ECONNREFUSED",
      far: "ENETUNREACH",
      own: "connected",
    });
  });

  test("of the home it sees what the copy has, and nothing else", async () => {
    const found = await inside(sandbox, {
      key: read(join(house.home, ".ssh/id")),
      link: read(join(house.state, "link")),
      home: list(house.home),
      state: read(join(house.state, "openclaw.json")),
      file: read(join(house.home, "keys.json")),
      outside: read(join(house.outside, "notes/one.md")),
    });
    expect(found).toEqual({
      key: "ENOENT",
      link: "ENOENT",
      home: [".openclaw", "keys.json"],
      state: '{"says":"copy"}',
      file: '{"says":"copy"}',
      outside: "copy",
    });
  });

  test("what it writes is gone: neither the instance nor the copy changes", async () => {
    expect(sandbox.pristine).toBe(true);
    const places = {
      state: join(house.state, "openclaw.json"),
      outside: join(house.outside, "notes/one.md"),
      file: join(house.home, "keys.json"),
      home: join(house.home, ".bashrc"),
      tmp: "/tmp/clawback-was-here",
    };
    const now = (at: (path: string) => string): Promise<string[]> =>
      Promise.all(
        Object.values(places).map((path) => readFile(at(path), "utf8").catch(() => "ENOENT")),
      );
    const live = await now((path) => path);
    const copied = await now(house.copy.at);
    const written = await inside(sandbox, mapped(places, write));
    expect(Object.values(written)).toEqual(["done", "done", "done", "done", "done"]);
    expect(await now((path) => path)).toEqual(live);
    expect(await now(house.copy.at)).toEqual(copied);
    expect(Object.values(await inside(sandbox, mapped(places, read)))).toEqual(copied);
  });

  test("it changes nothing of the machine and has no powers", async () => {
    const { status, pids, ...written } = await inside(sandbox, {
      usr: write("/usr/x"),
      etc: write("/etc/alternatives/x"),
      kernel: write("/proc/sys/kernel/hostname"),
      program: write(house.program.words[1]),
      terminal: read("/dev/tty"),
      status: read("/proc/self/status"),
      pids: `readdirSync("/proc").filter((name) => /^[0-9]+$/.test(name)).length`,
    });
    for (const [, outcome] of Object.entries(written)) {
      expect(outcome).toMatch(/^(EROFS|EACCES|EPERM|ENOENT)$/);
    }
    expect(status).toMatch(/^NoNewPrivs:\s+1$/m);
    for (const set of ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"]) {
      expect(status).toMatch(new RegExp(`^${set}:\\s+0+$`, "m"));
    }
    // The one that serves orders, and the program.
    expect(pids).toBe(2);
  });

  test("nothing of our environment goes along", async () => {
    const found = await inside(sandbox, { env: "process.env" });
    const env = found.env as Record<string, string>;
    const usual = /^(PATH|HOME|LANG|TMPDIR|PWD|OLDPWD|NO_COLOR|NODE_COMPILE_CACHE|OPENCLAW_\w+)$/;
    expect(Object.keys(env).filter((name) => !usual.test(name))).toEqual([]);
    expect(env["HOME"]).toBe(house.home);
  });

  test("a place behind a link is found by both its names, and what the copy lacks is named", async () => {
    await using moved = await buildHouse();
    const real = join(moved.home, "data/claw");
    const at = (path: string): string => moved.copy.at(path.replace(real, moved.state));
    await rename(join(moved.home, ".openclaw"), `${moved.home}-gone`);
    const roots = [
      { ...root("state", real, true), path: moved.state },
      root("workspace", join(moved.home, "gone"), true),
    ];
    const copy = {
      ...moved.copy,
      stateDir: real,
      configPath: join(real, "openclaw.json"),
      roots,
      at,
    };
    await using linked = await open({ ...moved, copy });
    expect(linked.notes).toEqual([`the copy has no ${moved.home}/gone`]);
    const found = await inside(linked, {
      byName: read(join(moved.state, "openclaw.json")),
      byPlace: read(join(real, "openclaw.json")),
    });
    expect(found).toEqual({ byName: '{"says":"copy"}', byPlace: '{"says":"copy"}' });
  });

  test("what takes too long is ended, and nothing outlives a run", async () => {
    const marker = `clawback-sleeper-${process.pid}-${Date.now()}`;
    const code = `import { spawn } from "node:child_process";
      spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)", "${marker}"],
        { detached: true, stdio: "ignore" }).unref();
      await new Promise((resolve) => setTimeout(resolve, 60_000));`;
    const result = await sandbox.run([code], { timeoutMs: 1_000 });
    expect(result.code).toBeNull();
    expect(await processesWith(marker)).toEqual([]);
  });

  test("an interrupted run leaves nothing behind", async () => {
    const marker = `clawback-sleeper-${process.pid}-${Date.now()}`;
    const interrupt = new AbortController();
    await using own = await buildHouse();
    const interrupted = await open(own, interrupt.signal);
    const code = `"${marker}"; await new Promise((resolve) => setTimeout(resolve, 60_000));`;
    const run = interrupted.run([code], { timeoutMs: 60_000 });
    while ((await processesWith(marker)).length === 0) await delay(20);
    interrupt.abort();
    await expect(run).rejects.toMatchObject({ code: "E_INTERRUPTED" });
    expect(await processesWith(marker)).toEqual([]);
    await interrupted[Symbol.asyncDispose]();
    expect(await readdir(own.scratch)).toEqual([]);
  });

  test("nothing outlives whoever asked, be that killed", async () => {
    const marker = `clawback-sleeper-${process.pid}-${Date.now()}`;
    await using own = await buildHouse();
    const code = `"${marker}"; await new Promise((resolve) => setTimeout(resolve, 60_000));`;
    const script = join(import.meta.dirname, "run-until-killed.ts");
    const words = [
      "--disable-warning=ExperimentalWarning",
      script,
      own.top,
      String(isolation.user),
    ];
    const asking = spawn(process.execPath, [...words, code], { stdio: "inherit" });
    // Itself, and the program in the box.
    while ((await processesWith(marker)).length < 2) await delay(20);
    asking.kill("SIGKILL");
    await expect.poll(() => processesWith(marker), { timeout: 20_000 }).toEqual([]);
  });
});

function mapped<Name extends string>(
  places: Record<Name, string>,
  ask: (path: string) => string,
): Record<Name, string> {
  const asked = Object.entries<string>(places).map(([name, path]) => [name, ask(path)]);
  return Object.fromEntries(asked) as Record<Name, string>;
}

async function listening(where: ListenOptions): Promise<AsyncDisposable & { port: number }> {
  const server = createServer().listen(where);
  await once(server, "listening");
  const { port } = (server.address() ?? {}) as AddressInfo;
  return {
    port,
    [Symbol.asyncDispose]: async () => {
      server.close();
      await once(server, "close");
    },
  };
}
