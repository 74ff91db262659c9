import * as fs from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { messageOf } from "../../src/errors.ts";
import { cat } from "../../src/operations/cat.ts";
import type { OperationContext } from "../../src/operations/context.ts";
import { drill } from "../../src/operations/drill/drill.ts";
import type { Manifest } from "../../src/operations/manifest.ts";
import { restoreBeside } from "../../src/operations/restore-beside.ts";
import { restore } from "../../src/operations/restore.ts";
import { sessions } from "../../src/operations/sessions.ts";
import { Household } from "../e2e/household.ts";
import { makeLayoutC } from "../fixtures/instances.ts";
import { contextOf, restoreInPlace } from "../in-place/here.ts";
import { HostileSnapshot } from "./hostile-snapshot.ts";

const SECRET = "a-secret-of-somebody-else";
const LONG_AGO = new Date("2020-01-01T00:00:00Z");
const isRoot = process.getuid?.() === 0;

let house: Household;
let context: OperationContext;
/** Files of somebody else, which a hostile snapshot would like to read and to change. */
let bait: string;
let honest: string;

beforeAll(async () => {
  house = await Household.withRepository(makeLayoutC);
  await house.json("backup");
  context = contextOf(house);
  bait = join(house.root, "bait");
  honest = join(house.root, "honest");
  fs.cpSync(house.repository, honest, { recursive: true });
});
afterAll(() => house[Symbol.asyncDispose]());

beforeEach(async () => {
  for (const place of [house.home, bait, house.repository, join(house.root, "xdg/state")]) {
    fs.rmSync(place, { recursive: true, force: true });
  }
  fs.cpSync(honest, house.repository, { recursive: true });
  await makeLayoutC(house.stateDir);
  layBait();
});

/** What somebody would find who followed a link there as if it were a part of an instance. */
function layBait(): void {
  const text = JSON.stringify({ channels: { telegram: { botToken: SECRET } }, secret: SECRET });
  for (const path of BAIT) {
    fs.mkdirSync(join(bait, path, ".."), { recursive: true });
    fs.writeFileSync(join(bait, path), text);
  }
  fs.copyFileSync(house.state("state/openclaw.sqlite"), join(bait, "openclaw.sqlite"));
  const ages = [bait, ...BAIT.map((path) => join(bait, path)), join(bait, "openclaw.sqlite")];
  for (const path of ages) {
    if (isRoot) fs.chownSync(path, 4321, 4321);
    fs.utimesSync(path, LONG_AGO, LONG_AGO);
  }
}

const BAIT = [
  "secret",
  ".env",
  "openclaw.json",
  "openclaw.sqlite-wal",
  "device.json",
  "message.json",
  "whatsapp/default/creds.json",
  "openclaw-0/gateway.state.lock",
];

/** Names, owners, modes and times, also of the last access; nothing is read for it. */
function stateOfBait(): string[] {
  const all = ["", ...BAIT, "openclaw.sqlite", "openclaw.sqlite-shm", "planted", "failed"];
  return all.map((path) => {
    const info = fs.lstatSync(join(bait, path), { throwIfNoEntry: false });
    if (info === undefined) return `${path}: none`;
    const { mode, uid, gid, size, nlink, atimeMs, mtimeMs } = info;
    return [path, mode, uid, gid, size, nlink, atimeMs, mtimeMs, info.ctimeMs].join(" ");
  });
}

type Ending = "done" | "E_DAMAGED" | "E_USAGE" | "E_FAILED" | "E_NOT_FOUND" | (string & {});
type Command = "target" | "adapted" | "beside" | "inPlace" | "drill" | "sessions" | "cat";

type Endings = Partial<Record<Command, Ending>>;
/** In place comes last: afterwards the links are those of the instance here, which follows its own. */
const ALL: Command[] = ["target", "adapted", "beside", "drill", "sessions", "cat", "inPlace"];

/** Does these things with a snapshot, and says how each ended. */
async function endings(id: string, names: readonly Command[] = ALL): Promise<Endings> {
  const target = () => house.newTarget();
  const parts = { snapshot: id, components: [], agents: [], paths: [], dryRun: false };
  const adapt = {
    mappings: [{ from: house.home, to: "/somewhere/else" }],
    rewriteWords: true,
    owner: isRoot ? "4322:4322" : undefined,
  };
  const beside = { snapshot: id, paths: [house.state("workspace"), house.state("openclaw.json")] };
  const commands: Record<Command, () => Promise<unknown>> = {
    target: () => restore(context, { ...parts, target: target() }),
    adapted: () => restore(context, { ...parts, target: target(), adapt }),
    beside: () => restoreBeside(context, beside),
    drill: async () => {
      const options = { snapshot: id, level: "content", fetch: false, sandbox: undefined } as const;
      const { verdict, checks } = await drill(context, options);
      expect([verdict, checks.some(({ ok }) => ok === false)]).toEqual(["failed", true]);
    },
    sessions: () => sessions(context, { snapshot: id, online: false }),
    cat: async () => {
      const path = house.state("openclaw.json");
      const read: string[] = [];
      await cat(context, { snapshot: id, path }, async (chunk) => {
        read.push(Buffer.from(chunk).toString());
      });
      return read;
    },
    inPlace: () => restoreInPlace(context, { snapshot: id, newIdentity: true, rewriteWords: true }),
  };
  const before = stateOfBait();
  const ended: Endings = {};
  for (const name of names) {
    const outcome = await commands[name]().then(
      (value) => ({ ending: "done", said: JSON.stringify(value) }),
      (error: unknown) => ({ ending: endingOf(error), said: messageOf(error) }),
    );
    expect(stateOfBait(), name).toEqual(before);
    expect(outcome.said ?? "", name).not.toContain(SECRET);
    ended[name] = outcome.ending;
  }
  expect(fs.readdirSync(house.root).filter((name) => !name.startsWith("target-"))).toEqual(AROUND);
  for (const path of filesOf(house.root)) {
    expect(fs.readFileSync(path, "latin1").includes(SECRET), path).toBe(false);
  }
  return ended;
}

const AROUND = ["bait", "disk", "home", "honest", "xdg"];

/** What is no error of ours is a fault of the program, and not told as one of the snapshot. */
function endingOf(error: unknown): Ending {
  const { name, code } = error as { name: string; code?: string };
  return name === "ClawbackError" ? String(code) : `${name}: ${messageOf(error)}`;
}

function filesOf(directory: string): string[] {
  return fs.readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) return path === bait ? [] : filesOf(path);
    return entry.isFile() ? [path] : [];
  });
}

type Make = (snapshot: HostileSnapshot) => Promise<HostileSnapshot>;

async function hostile(make: Make): Promise<string> {
  return (await make(await HostileSnapshot.of(house.repository))).save();
}

const workspace = () => house.state("workspace");
const planted = (snapshot: HostileSnapshot) => snapshot.file("planted", "planted");

test("the bait tells who reads it", async () => {
  const before = stateOfBait();
  fs.readFileSync(join(bait, "secret"));
  expect(stateOfBait()).not.toEqual(before);
});

test.for<[string, Make]>([
  ["goes up", async (s) => s.put(workspace(), await s.file("../../../bait/planted", "planted"))],
  [
    "is a directory above",
    async (s) => s.put(workspace(), await s.directory("..", await planted(s))),
  ],
  ["is absolute", async (s) => s.put(workspace(), await s.file(join(bait, "planted"), "planted"))],
  [
    "is that of a link beside it",
    async (s) => {
      await s.put(workspace(), s.link("x", bait), await s.directory("x", await planted(s)));
      return s;
    },
  ],
])("F30: a name that %s ends everything", async ([, make]) => {
  const code = "E_DAMAGED";
  const names = ["target", "sessions", "inPlace"] as const;
  const ended = await endings(await hostile(make), names);
  expect(ended).toEqual({
    target: expect.stringMatching(/done|E_DAMAGED/u),
    sessions: "done",
    inPlace: code,
  });
});

test("F30: links, pipes and inodes instead of what an instance consists of lead nowhere", async () => {
  const { ino, dev } = fs.statSync(join(bait, "secret"));
  const id = await hostile(async (s) => {
    const pipe = { type: "fifo", mode: 2 ** 25 + 0o600, uid: 0, gid: 0 };
    const directories = ["state", "identity", "credentials", "delivery-queue", "agents", "matrix"];
    const { subtree } = await s.directory("x", await planted(s));
    await s.put(
      house.stateDir,
      ...directories.map((name) => s.link(name, bait)),
      ...["openclaw.json", ".env"].map((name) => s.link(name, join(bait, name))),
      ...["telegram.token", ".clawbackignore"].map((name) => ({ ...pipe, name })),
      { ...s.link("tmp", bait), subtree },
    );
    const same = { inode: ino, device_id: dev, links: 2 };
    const files = ["secret", "planted"].map((name) => s.file(name, "planted", same));
    return s.put(workspace(), ...(await Promise.all(files)));
  });
  expect(await endings(id)).toEqual({
    target: "done",
    adapted: "done",
    beside: "done",
    drill: "done",
    sessions: "done",
    cat: "E_NOT_FOUND",
    inPlace: "done",
  });
});

/** A root as a backup writes them, elsewhere. */
function rootAt({ roots }: Manifest, path: string, kind = "workspace"): Manifest["roots"][number] {
  return {
    ...roots[0],
    kind,
    path,
    realPath: path,
    isDirectory: true,
  } as Manifest["roots"][number];
}

test.for<[string, (manifest: Manifest) => void]>([
  ["a root behind a link", (m) => m.roots.push(rootAt(m, "/evil/bait"))],
  ["a root above", (m) => m.roots.push(rootAt(m, `${workspace()}/../../../bait`))],
  ["a configuration behind a link", (m) => (m.instance.configPath = "/evil/bait/openclaw.json")],
  ["a configuration above", (m) => (m.instance.configPath = `/../../..${bait}/openclaw.json`)],
  ["a root that is nothing", (m) => m.roots.push(null as never)],
])("F30: a manifest that names %s is refused", async ([, change]) => {
  const id = await hostile(async (s) => {
    await s.put("/", s.link("evil", house.root), s.link("bait", bait));
    return s.claim(change);
  });
  const code = "E_DAMAGED";
  const names = ["adapted", "drill", "sessions", "inPlace"] as const;
  const ended = { adapted: code, drill: "done", sessions: code, inPlace: code };
  expect(await endings(id, names)).toEqual(ended);
});

test("F30: a database behind a link is not looked into", async () => {
  const id = await hostile(async (s) => {
    await s.put("/", s.link("evil", house.root));
    return s.claim(({ databases }) => {
      const [first] = databases;
      for (const path of ["/evil/bait/openclaw.sqlite", join(bait, "openclaw.sqlite")]) {
        if (first !== undefined) databases.push({ ...first, path });
      }
    });
  });
  expect(await endings(id, ["drill", "sessions"])).toEqual({ drill: "done", sessions: "done" });
});

test.for<[string, () => string, Ending]>([
  ["the root", () => "/", "E_USAGE"],
  ["the system's settings", () => "/etc", "E_USAGE"],
  ["a home", () => house.home, "E_USAGE"],
  ["the repository", () => house.repository, "E_REPO_INSIDE_SOURCE"],
  ["our settings and phrases", () => join(house.root, "xdg/config/clawback"), "E_USAGE"],
])("F30: %s is nobody's workspace", async ([, place, code]) => {
  const id = await hostile(async (s) => {
    if (place() !== "/") await s.put(place(), await planted(s));
    return s.claim((manifest) => manifest.roots.push(rootAt(manifest, place())));
  });
  const before = [...(await house.repositoryFiles()).keys()];
  const restoring = restoreInPlace(context, { snapshot: id });
  await expect(restoring).rejects.toMatchObject({ code });
  expect([...(await house.repositoryFiles()).keys()]).toEqual(before);
  expect(fs.existsSync(join(place(), "planted"))).toBe(false);
});

test.runIf(isRoot)("F30: an ordinary user gets no device, and nobody else's rights", async () => {
  await using place = await Household.create();
  const id = await hostile(async (s) => {
    const device = {
      name: "device",
      type: "chardev",
      mode: 2 ** 26 + 2 ** 21 + 0o666,
      device: 257,
    };
    const program = await s.file("program", "#!/bin/sh\n", { mode: 2 ** 23 + 0o755 });
    return s.put(workspace(), { ...device, uid: 0, gid: 0 }, program);
  });
  fs.cpSync(house.repository, place.repository, { recursive: true });
  await place.giveTo(4321);
  const env = { CLAWBACK_PASSWORD: house.env["CLAWBACK_PASSWORD"] ?? "" };
  const target = place.newTarget();
  const words = ["restore", id, "--target", target];
  const said = await place.run(words, { uid: 4321, env });
  expect(said).toMatchObject({ code: 3 });
  expect(said.stdout + said.stderr).toMatch(/device: a special file that mknod could not make/u);
  const restored = join(target, workspace());
  expect(fs.existsSync(join(restored, "device"))).toBe(false);
  expect(fs.statSync(join(restored, "program")).uid).toBe(4321);
});
