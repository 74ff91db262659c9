import { execFileSync } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Sandbox } from "./clawback.ts";

function hasRestic(): boolean {
  try {
    execFileSync("restic", ["version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await Sandbox.create();
});
afterAll(() => sandbox[Symbol.asyncDispose]());

describe.skipIf(!hasRestic())("a repository that restic has made", () => {
  const run = (...argv: string[]) => sandbox.run([...argv, "--repo", "repo", "-p", "password"]);
  let data: string;

  beforeAll(async () => {
    const restic = (...argv: string[]) =>
      execFileSync("restic", ["-q", "-r", "repo", "-p", "password", ...argv], {
        cwd: sandbox.home,
        env: { PATH: process.env["PATH"], HOME: sandbox.home },
        stdio: "ignore",
      });
    data = join(sandbox.home, "data");
    await mkdir(data);
    await writeFile(join(sandbox.home, "password"), "correct horse\n", { mode: 0o600 });
    restic("init", "--repository-version", "2");
    await writeFile(join(data, "MEMORY.md"), "one\n");
    await writeFile(join(data, "gone.md"), "gone\n");
    restic("backup", data, "--tag", "first");
    await writeFile(join(data, "MEMORY.md"), "one\ntwo\n");
    execFileSync("rm", [join(data, "gone.md")]);
    restic("backup", data);
  });

  test("snapshots, as a list in --json", async () => {
    const { stdout, stderr, code } = await run("snapshots", "--json");
    expect({ stderr, code }).toEqual({ stderr: "", code: 0 });
    expect(JSON.parse(stdout)).toMatchObject([
      { shortId: expect.stringMatching(/^[0-9a-f]{8}$/u), tags: ["first"], complete: true },
      { tags: [], complete: true },
    ]);
    expect((await run("snapshots")).stdout).toContain("2 snapshots");
  });

  test("ls, find and cat, the latest if no snapshot is named", async () => {
    expect((await run("ls", data)).stdout).toBe("~/data/MEMORY.md\n");
    expect((await run("find", "gone.*")).stdout).toContain("  ~/data/gone.md");
    const path = join(data, "MEMORY.md");
    expect(await run("cat", path)).toEqual({ stdout: "one\ntwo\n", stderr: "", code: 0 });
    const document = JSON.parse((await run("cat", path, "--json")).stdout);
    expect(document).toMatchObject({ version: 1, size: 8 });
    expect(Buffer.from(document.content, "base64").toString()).toBe("one\ntwo\n");
  });

  test("diff names what came, went and changed", async () => {
    const [first] = JSON.parse((await run("snapshots", "--json")).stdout);
    const { stdout } = await run("diff", first.shortId);
    expect(stdout).toContain("\nM ~/data/MEMORY.md\n- ~/data/gone.md\n");
    expect(stdout).toContain("0 added, 1 removed, 1 changed");
  });

  test("check reads everything back", async () => {
    const { stdout, code } = await run("check", "--read-data", "--json");
    expect(JSON.parse(stdout)).toMatchObject({ version: 1, ok: true, errors: [], snapshots: 2 });
    expect(code).toBe(0);
  });

  test("a wrong password is code 12 and stands in no message", async () => {
    const { stdout, stderr, code } = await sandbox.run(["snapshots", "--repo", "repo", "--debug"], {
      env: { CLAWBACK_PASSWORD: "battery-staple" },
    });
    expect({ stdout, code }).toEqual({ stdout: "", code: 12 });
    expect(stderr).toContain("(E_WRONG_KEY)");
    expect(stderr).not.toContain("battery-staple");
  });

  test("no password and no terminal: the flag is named", async () => {
    expect(await sandbox.run(["snapshots", "--repo", "repo"])).toEqual({
      stdout: "",
      stderr:
        "error: no password for the repository (E_NO_PASSWORD)\nhint: Name its file with --password-file <file> (or CLAWBACK_PASSWORD_FILE), or use --password-command <command>.\n",
      code: 12,
    });
  });

  test("no repository is code 10", async () => {
    const { stderr, code } = await sandbox.run([
      "snapshots",
      "--repo",
      "elsewhere",
      "-p",
      "password",
    ]);
    expect(stderr).toContain("(E_NO_REPO)");
    expect(code).toBe(10);
  });

  test("a reader that goes away is no error", async () => {
    const { stderr, code } = await sandbox.run(["ls", "--repo", "repo", "-p", "password"], {
      meanwhile: (child) => child.stdout?.destroy(),
    });
    expect({ stderr, code }).toEqual({ stderr: "", code: 0 });
  });

  // The password command keeps Clawback waiting for as long as a test needs.
  const waiting = ["snapshots", "--repo", "repo", "--password-command", "sleep 20"];

  test("one Ctrl-C stops cleanly", async () => {
    const { stdout, stderr, code } = await sandbox.run([...waiting, "--json"], {
      meanwhile: (child) => void sleep(700).then(() => child.kill("SIGINT")),
    });
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: "E_INTERRUPTED" } });
    expect(stderr).toContain("error: stopped by SIGINT (E_INTERRUPTED)");
    expect(code).toBe(130);
  });
});
