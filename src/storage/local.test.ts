import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  rename,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { collect, describeStorage, fileOf } from "../../test/storage/conformance.ts";
import { ClawbackError } from "../errors.ts";
import { localFault } from "./local-faults.ts";
import { LocalStorage } from "./local.ts";

const run = promisify(execFile);
const isRoot = process.getuid?.() === 0;
const DATA = Buffer.from("some data");
const PACK = fileOf("pack", DATA);
const SNAPSHOT = fileOf("snapshot", DATA);

describeStorage("local", async () => {
  const root = await mkdtemp(join(tmpdir(), "clawback-local-"));
  const path = join(root, "below", "repo");
  return {
    storage: new LocalStorage(path),
    reopen: async () => new LocalStorage(path),
    cleanup: () => rm(root, { recursive: true }),
  };
});

let root: string;
let repo: string;
let storage: LocalStorage;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "clawback-local-"));
  repo = join(root, "repo");
  storage = new LocalStorage(repo);
});

afterEach(async () => {
  await storage[Symbol.asyncDispose]();
  await rm(root, { recursive: true });
});

function packPath(): string {
  return join(repo, "data", PACK.name.slice(0, 2), PACK.name);
}

async function modeOf(path: string): Promise<string> {
  return ((await stat(path)).mode & 0o7777).toString(8);
}

test("lies as restic's default layout does", async () => {
  await storage.create();
  expect((await readdir(repo)).toSorted()).toEqual(["data", "index", "keys", "locks", "snapshots"]);
  expect(await readdir(join(repo, "data"))).toHaveLength(256);
  await storage.save({ type: "config", name: "" }, DATA);
  await storage.save(PACK, DATA);
  await storage.save(SNAPSHOT, DATA);
  expect((await stat(join(repo, "config"))).size).toBe(DATA.length);
  expect((await stat(packPath())).size).toBe(DATA.length);
  expect(await readdir(join(repo, "snapshots"))).toEqual([SNAPSHOT.name]);
  expect(await readdir(join(repo, "data", PACK.name.slice(0, 2)))).toEqual([PACK.name]);
});

// A thread cannot have an umask of its own, and tests may run in one: a child process is asked.
test.each([0, 0o022, 0o077])("modes are 0700 and 0400, whatever the umask (%i)", async (umask) => {
  const script = `
    process.umask(${umask});
    const { LocalStorage } = await import(${JSON.stringify(import.meta.resolve("./local.ts"))});
    const storage = new LocalStorage(${JSON.stringify(repo)});
    await storage.create();
    await storage.save(${JSON.stringify(PACK)}, Buffer.from("x"));`;
  await run(process.execPath, ["--input-type=module", "-e", script]);
  expect(await modeOf(repo)).toBe("700");
  expect(await modeOf(join(repo, "data"))).toBe("700");
  expect(await modeOf(join(repo, "data", "00"))).toBe("700");
  expect(await modeOf(packPath())).toBe("400");
});

test("create() leaves the modes of what is there", async () => {
  await mkdir(repo, { mode: 0o750 });
  await chmod(repo, 0o750);
  await storage.create();
  expect(await modeOf(repo)).toBe("750");
});

test("names that are no files of ours are passed over", async () => {
  await storage.create();
  await storage.save(PACK, DATA);
  const data = join(repo, "data");
  const pair = join(data, PACK.name.slice(0, 2));
  const other = PACK.name.startsWith("00") ? "01" : "00";
  await writeFile(join(pair, `${PACK.name}-tmp-0123`), "");
  await writeFile(join(pair, ".DS_Store"), "");
  await writeFile(join(pair, PACK.name.toUpperCase()), "");
  await writeFile(join(data, "Thumbs.db"), "");
  await writeFile(join(data, other, PACK.name.replace(/^./, "f")), "");
  await mkdir(join(pair, PACK.name.slice(0, 63).concat(PACK.name.endsWith("0") ? "1" : "0")));
  expect(await collect(storage.list("pack"))).toEqual([{ name: PACK.name, size: DATA.length }]);
});

test("empty directories that a copying tool dropped come back", async () => {
  await storage.create();
  await rm(join(repo, "data"), { recursive: true });
  await rm(join(repo, "snapshots"), { recursive: true });
  await storage.save(PACK, DATA);
  await storage.save(SNAPSHOT, DATA);
  expect(await collect(storage.list("pack"))).toHaveLength(1);
  expect(await modeOf(join(repo, "snapshots"))).toBe("700");
});

test("a place that is not there is not made by saving", async () => {
  await expect(storage.save(PACK, DATA)).rejects.toMatchObject({ code: "E_STORAGE_NOT_FOUND" });
  expect(await collect(storage.list("pack"))).toEqual([]);
  await expect(stat(repo)).rejects.toMatchObject({ code: "ENOENT" });
});

test("a file where the directory should be is named", async () => {
  await writeFile(repo, "");
  for (const work of [
    () => storage.create(),
    () => storage.save(PACK, DATA),
    () => storage.load(PACK),
    () => collect(storage.list("pack")),
  ]) {
    await expect(work()).rejects.toMatchObject({
      code: "E_FAILED",
      message: expect.stringContaining(repo),
      hint: expect.any(String),
    });
  }
});

test("a symlinked data directory works", async () => {
  await storage.create();
  await rename(join(repo, "data"), join(root, "elsewhere"));
  await symlink(join(root, "elsewhere"), join(repo, "data"));
  await storage.create();
  await storage.save(PACK, DATA);
  expect(await collect(storage.list("pack"))).toHaveLength(1);
  expect((await stat(join(root, "elsewhere", PACK.name.slice(0, 2), PACK.name))).size).toBe(9);
});

test.skipIf(isRoot)(
  "a read-only directory is E_PERMISSION (skipped: root ignores modes)",
  async () => {
    await storage.create();
    await chmod(join(repo, "snapshots"), 0o500);
    await expect(storage.save(SNAPSHOT, DATA)).rejects.toMatchObject({ code: "E_PERMISSION" });
  },
);

test("F12: what killed writers left is swept, a live writer's file is not", async () => {
  await storage.create();
  const pair = join(repo, "data", "5e");
  const name = `5e${"0".repeat(62)}`;
  const files = {
    old: join(pair, `${name}-tmp-00ff`),
    restic: join(repo, "index", `${name}-tmp-1234567890`),
    young: join(pair, `${name}-tmp-00aa`),
    foreign: join(pair, "notes-tmp-1"),
    stored: join(pair, name),
  };
  const twoDaysAgo = new Date(Date.now() - 48 * 3_600_000);
  const anHourAgo = new Date(Date.now() - 3_600_000);
  for (const path of Object.values(files)) {
    await writeFile(path, "x");
    await utimes(path, twoDaysAgo, path === files.young ? anHourAgo : twoDaysAgo);
  }
  await storage.save(PACK, DATA);
  expect(await readdir(pair)).toHaveLength(4);
  await storage.save(SNAPSHOT, DATA);
  expect((await readdir(pair)).toSorted()).toEqual([name, `${name}-tmp-00aa`, "notes-tmp-1"]);
  expect(await readdir(join(repo, "index"))).toEqual([]);
});

test("F12: killed in the middle of saving, nothing is half there and the next run works", async () => {
  const size = 4 * 1024 * 1024;
  const script = `
    const { LocalStorage } = await import(${JSON.stringify(import.meta.resolve("./local.ts"))});
    const storage = new LocalStorage(${JSON.stringify(repo)});
    await storage.create();
    for (let i = 0; ; i++) {
      const name = i.toString(16).padStart(64, "0");
      await storage.save({ type: "pack", name }, Buffer.alloc(${size}, 1));
      console.log(i);
    }`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script]);
  await once(child.stdout, "data");
  child.kill("SIGKILL");
  await once(child, "close");
  const found = await collect(storage.list("pack"));
  expect(found.length).toBeGreaterThan(0);
  expect(found.filter((info) => info.size !== size)).toEqual([]);
  await storage.save(PACK, DATA);
  expect(await collect(storage.list("pack"))).toHaveLength(found.length + 1);
});

const mounted = isRoot && (await canMount());

async function canMount(): Promise<boolean> {
  const probe = await mkdtemp(join(tmpdir(), "clawback-mount-"));
  try {
    await run("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", probe]);
    await run("umount", [probe]);
    return true;
  } catch {
    return false;
  } finally {
    await rm(probe, { recursive: true, force: true });
  }
}

test.runIf(mounted)("a full disk is E_NO_SPACE, and nothing half-written stays", async () => {
  await mkdir(repo);
  await run("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", repo]);
  try {
    await storage.create();
    const big = Buffer.alloc(2 * 1024 * 1024, 1);
    await expect(storage.save(fileOf("pack", big), big)).rejects.toMatchObject({
      code: "E_NO_SPACE",
      hint: expect.stringContaining(repo),
    });
    const left = await readdir(join(repo, "data", fileOf("pack", big).name.slice(0, 2)));
    expect(left).toEqual([]);
    await storage.save(PACK, DATA);
    expect(Buffer.compare(await storage.load(PACK), DATA)).toBe(0);
    await run("mount", ["-o", "remount,ro", repo]);
    await expect(storage.save(SNAPSHOT, DATA)).rejects.toMatchObject({
      code: "E_PERMISSION",
      hint: expect.stringContaining(repo),
    });
    await expect(storage.remove(PACK)).rejects.toMatchObject({ code: "E_PERMISSION" });
    expect(Buffer.compare(await storage.load(PACK), DATA)).toBe(0);
  } finally {
    await run("umount", [repo]);
  }
});

test.each([
  ["ENOTCONN", "E_STORAGE_UNREACHABLE"],
  ["EIO", "E_STORAGE_UNREACHABLE"],
  ["ESTALE", "E_STORAGE_UNREACHABLE"],
  ["EHOSTDOWN", "E_STORAGE_UNREACHABLE"],
  ["ENOSPC", "E_NO_SPACE"],
  ["EDQUOT", "E_NO_SPACE"],
  ["EACCES", "E_PERMISSION"],
  ["EPERM", "E_PERMISSION"],
  ["EROFS", "E_PERMISSION"],
  ["ENOENT", "E_STORAGE_NOT_FOUND"],
  ["EEXIST", "E_STORAGE_EXISTS"],
  ["ENOTDIR", "E_FAILED"],
  ["EMFILE", "E_FAILED"],
])("%s is %s", async (code, expected) => {
  const error = Object.assign(new Error(`${code}: something`), { code });
  const fault = await localFault(error, packPath(), PACK);
  expect(fault).toBeInstanceOf(ClawbackError);
  expect(fault).toMatchObject({ code: expected, cause: error });
});
