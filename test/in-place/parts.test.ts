import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { scenes } from "./scenes.ts";
import { contextOf, restoreInPlace, undo } from "./here.ts";

const scene = scenes();

test("a component: the rest is not touched, and what came later in it goes", async () => {
  const { house } = scene();
  await scene().backup();
  await house.write("workspace/later.md", "later");
  await house.write("agents/clawd/sessions/later.jsonl", "{}\n");
  await house.write("workspace/SOUL.md", "changed");
  await house.write("media/later.jpg", "later");
  const context = contextOf(house);
  const done = await restoreInPlace(context, { components: ["workspace"] });
  expect(done.sessions).toEqual([]);
  expect(existsSync(house.state("workspace/later.md"))).toBe(false);
  expect(await readFile(house.state("workspace/SOUL.md"), "utf8")).not.toBe("changed");
  // Media are the agent's work too, sessions are not.
  expect(existsSync(house.state("media/later.jpg"))).toBe(false);
  expect(existsSync(house.state("agents/clawd/sessions/later.jsonl"))).toBe(true);
  await undo(context);
  expect(await readFile(house.state("workspace/SOUL.md"), "utf8")).toBe("changed");
  expect(existsSync(house.state("media/later.jpg"))).toBe(true);
});

test("a file, and a database with the log of its successor", async () => {
  const { house } = scene();
  await scene().backup();
  const database = house.state("state/openclaw.sqlite");
  await writeFile(`${database}-wal`, "of another database");
  await house.write("openclaw.json", "{ broken");
  await house.write("workspace/later.md", "later");
  const context = contextOf(house);
  await restoreInPlace(context, { paths: [house.state("openclaw.json"), database] });
  expect(JSON.parse(await readFile(house.state("openclaw.json"), "utf8"))).toHaveProperty("agents");
  expect(existsSync(`${database}-wal`)).toBe(false);
  expect(existsSync(house.state("workspace/later.md"))).toBe(true);
  await undo(context);
  expect(await readFile(`${database}-wal`, "utf8")).toBe("of another database");
});

test("what patterns exclude stays, also what appeared later", async () => {
  const { house } = scene();
  await house.write("workspace/.clawbackignore", "*.mp4\n");
  await house.write("workspace/film.mp4", "long");
  await house.json(["backup", "--exclude", "*.iso"]);
  await rm(house.state("workspace/.clawbackignore"));
  await house.write("workspace/new/later.mp4", "longer");
  await house.write("workspace/new/later.iso", "large");
  await house.write("workspace/new/later.md", "later");
  await house.write("workspace/new/node_modules/x.js", "installed");
  await house.write("workspace/new/package.json", "{}");
  const done = await restoreInPlace(contextOf(house));
  for (const name of ["film.mp4", "new/later.mp4", "new/later.iso", ".clawbackignore"]) {
    expect(existsSync(house.state("workspace", name)), name).toBe(true);
  }
  for (const name of ["new/later.md", "new/node_modules", "new/package.json"]) {
    expect(existsSync(house.state("workspace", name)), name).toBe(false);
  }
  expect(done.changes.removed.paths).toContain(house.state("workspace/new/later.md"));
});

test("a snapshot of a part leaves everything else as it is", async () => {
  const { house } = scene();
  await house.json(["backup", "--component", "workspace"]);
  await house.write("workspace/later.md", "later");
  await house.write("sessions/later.jsonl", "{}\n");
  const [snapshot] = await house.json<{ id: string }[]>("snapshots");
  await restoreInPlace(contextOf(house), { snapshot: snapshot?.id ?? "" });
  expect(existsSync(house.state("workspace/later.md"))).toBe(false);
  expect(existsSync(house.state("sessions/later.jsonl"))).toBe(true);
  expect(existsSync(house.state("state/openclaw.sqlite"))).toBe(true);
  expect(existsSync(house.state("npm"))).toBe(true);
});

test("a state directory behind a link, and an external workspace on another disk", async () => {
  const { house } = scene();
  const elsewhere = join("/dev/shm", `clawback-in-place-${process.pid}`);
  const workspace = join(elsewhere, "work");
  await mkdir(workspace, { recursive: true });
  try {
    await writeFile(join(workspace, "SOUL.md"), "who I am");
    const config = JSON.parse(await readFile(house.state("openclaw.json"), "utf8"));
    config.agents.entries.clawd.workspace = workspace;
    await writeFile(house.state("openclaw.json"), JSON.stringify(config));
    await rename(house.stateDir, join(house.root, "real-state"));
    await symlink(join(house.root, "real-state"), house.stateDir);
    await scene().backup();
    await writeFile(join(workspace, "SOUL.md"), "somebody else");
    await writeFile(join(workspace, "later.md"), "later");
    await rm(house.state("openclaw.json"));
    const context = contextOf(house);
    await restoreInPlace(context);
    expect(await readFile(join(workspace, "SOUL.md"), "utf8")).toBe("who I am");
    expect(existsSync(join(workspace, "later.md"))).toBe(false);
    expect(existsSync(house.state("openclaw.json"))).toBe(true);
    await undo(context);
    expect(await readFile(join(workspace, "SOUL.md"), "utf8")).toBe("somebody else");
    expect(existsSync(house.state("openclaw.json"))).toBe(false);
  } finally {
    await rm(elsewhere, { recursive: true });
  }
});
