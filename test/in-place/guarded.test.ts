import { existsSync } from "node:fs";
import { mkdir, readFile, readdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { scenes } from "./scenes.ts";
import { BARRED_CONFIG } from "../../src/openclaw/barred-config.ts";
import { executePlan } from "../../src/operations/in-place/execute.ts";
import { planRestore } from "../../src/operations/in-place/plan.ts";
import { takeSafetySnapshot } from "../../src/operations/in-place/safety.ts";
import { discardUndo, planUndo } from "../../src/operations/in-place/undo.ts";
import { lastCommitted } from "../../src/transaction/undo.ts";
import { journalDir } from "../../src/operations/in-place/journal-place.ts";
import { contextOf, DEFAULTS, restoreInPlace, undo } from "./here.ts";

const scene = scenes();

test("a repository in what would be replaced is not taken away", async () => {
  const { house } = scene();
  await scene().backup();
  const inside = house.state("backups/repository");
  await mkdir(dirname(inside), { recursive: true });
  await rename(house.repository, inside);
  const context = contextOf(house, { location: inside });
  await expect(restoreInPlace(context)).rejects.toMatchObject({ code: "E_REPO_INSIDE_SOURCE" });
  expect(existsSync(join(inside, "config"))).toBe(true);
  // What leaves it where it is may be restored.
  await house.write("workspace/SOUL.md", "changed");
  await restoreInPlace(context, { paths: [house.state("workspace")] });
  expect(await readFile(house.state("workspace/SOUL.md"), "utf8")).not.toBe("changed");
});

test("nor are our own journals, settings and phrases", async () => {
  const { house } = scene();
  await scene().backup();
  const usual = contextOf(house);
  const own = house.state("workspace/.state/clawback");
  const context = { ...usual, places: { ...usual.places, stateDir: own } };
  await expect(restoreInPlace(context)).rejects.toMatchObject({ code: "E_USAGE" });
  const phrase = house.state("workspace/phrase");
  await writeFile(phrase, "words");
  await expect(restoreInPlace({ ...usual, phraseFile: phrase })).rejects.toMatchObject({
    code: "E_USAGE",
  });
  expect(existsSync(phrase)).toBe(true);
});

test("a state directory that was behind a link, which is gone, comes to where OpenClaw looks", async () => {
  const { house } = scene();
  const real = join(house.root, "disk2/state");
  await mkdir(dirname(real), { recursive: true });
  await rename(house.stateDir, real);
  await symlink(real, house.stateDir);
  await scene().backup();
  await rm(house.stateDir);
  await rm(real, { recursive: true });
  const context = contextOf(house);
  await restoreInPlace(context);
  expect(existsSync(house.state("openclaw.json"))).toBe(true);
  expect(existsSync(real)).toBe(false);
});

test.for(["state/openclaw.sqlite", "workspace"])(
  "while %s alone changes places, no gateway can start",
  async (part) => {
    const { house } = scene();
    await scene().backup();
    await house.write("workspace/SOUL.md", "changed");
    await house.write("state/openclaw.sqlite-wal", "of another database");
    const config = house.state("openclaw.json");
    const original = await readFile(config, "utf8");
    const context = contextOf(house);
    const plan = await planRestore(context, { ...DEFAULTS, paths: [house.state(part)] });
    const seen: string[] = [];
    const { readFileSync } = await import("node:fs");
    const onStep = (what: string) => {
      if (what.startsWith("rename") || what.startsWith("exchange") || what.startsWith("unlink")) {
        seen.push(`${what}: ${readFileSync(config, "utf8") === BARRED_CONFIG}`);
      }
    };
    await executePlan(context, plan, { onStep });
    expect(
      seen.filter((each) => each.includes(part)).map((each) => each.endsWith("true")),
    ).not.toContain(false);
    expect(seen.join("\n")).toContain("true");
    expect(await readFile(config, "utf8")).toBe(original);
    await undo(context);
    expect(await readFile(config, "utf8")).toBe(original);
    expect(await readFile(house.state("workspace/SOUL.md"), "utf8")).toBe("changed");
  },
);

test("a configuration elsewhere is barred too", async () => {
  const { house } = scene();
  const config = join(house.root, "etc/openclaw.json");
  await mkdir(dirname(config));
  await rename(house.state("openclaw.json"), config);
  await scene().backup(0, { env: { OPENCLAW_CONFIG_PATH: config } });
  await house.write("workspace/SOUL.md", "changed");
  const usual = contextOf(house);
  const context = { ...usual, env: { ...usual.env, OPENCLAW_CONFIG_PATH: config } };
  const plan = await planRestore(context, { ...DEFAULTS, paths: [house.stateDir] });
  const { readFileSync } = await import("node:fs");
  const seen = new Set<string>();
  await executePlan(context, plan, { onStep: () => seen.add(readFileSync(config, "utf8")) });
  expect([...seen]).toContain(BARRED_CONFIG);
  expect(await readFile(config, "utf8")).not.toBe(BARRED_CONFIG);
});

test("something that stays in a directory that came later", async () => {
  const { house } = scene();
  await house.json(["backup", "--exclude", "*.iso"]);
  await house.write("media/later/film.iso", "large");
  await house.write("media/later/later.jpg", "later");
  await restoreInPlace(contextOf(house), { components: ["workspace"] });
  expect(existsSync(house.state("media/later/film.iso"))).toBe(true);
  expect(existsSync(house.state("media/later/later.jpg"))).toBe(false);
});

test("what is kept and cannot be put back any more can still be discarded", async () => {
  const { house } = scene();
  await scene().backup();
  const context = contextOf(house);
  await restoreInPlace(context);
  const [directory = ""] = (await lastCommitted(journalDir(context)))?.directories ?? [];
  for (const name of await readdir(directory)) {
    if (!name.endsWith(".txt"))
      await rename(join(directory, name), join(directory, `${name}-moved`));
  }
  await expect(planUndo(context)).rejects.toMatchObject({ code: "E_NOTHING_TO_UNDO" });
  await discardUndo(context, await planUndo(context, { discard: true }));
  expect(existsSync(directory)).toBe(false);
});

test("an undo for one instance does not undo what was done to another", async () => {
  const { house } = scene();
  await scene().backup();
  const context = contextOf(house);
  await restoreInPlace(context);
  const other = { ...context, instance: { stateDir: join(house.root, "other") } };
  await expect(planUndo(other)).rejects.toMatchObject({ code: "E_NOTHING_TO_UNDO" });
});

test("what another user's restore has left half-way is neither backed up nor replaced", async () => {
  const { house } = scene();
  await scene().backup();
  await house.write("openclaw.json", BARRED_CONFIG);
  const context = contextOf(house);
  const open = { code: "E_RESTORE_OPEN" };
  await expect(takeSafetySnapshot(context)).rejects.toMatchObject(open);
  await expect(restoreInPlace(context)).rejects.toMatchObject(open);
});

test("access control lists are not set through a link of the new tree", async () => {
  const { house } = scene();
  const outside = join(house.root, "outside");
  await writeFile(outside, "");
  await symlink(outside, house.state("workspace/notes"));
  await scene().backup();
  await rm(house.state("workspace/notes"));
  await house.write("workspace/notes", "a file now");
  const [bin, log] = [join(house.root, "bin"), join(house.root, "log")];
  await mkdir(bin);
  const dump = "# file: notes\nuser::rw-\nuser:1234:rw-\n\n# file: SOUL.md\nuser:1234:r--\n";
  await writeFile(join(bin, "getfacl"), `#!/bin/sh\nprintf '${dump}'\n`, { mode: 0o755 });
  await writeFile(join(bin, "setfacl"), `#!/bin/sh\ncat >> ${log}\n`, { mode: 0o755 });
  const path = process.env["PATH"];
  process.env["PATH"] = `${bin}:${path}`;
  try {
    await restoreInPlace(contextOf(house), { paths: [house.state("workspace")] });
  } finally {
    process.env["PATH"] = path;
  }
  const set = await readFile(log, "utf8");
  expect(set).toContain("SOUL.md");
  expect(set).not.toContain("notes");
});

test("a session that was to stay and is gone when trees are exchanged is not lost unsaid", async () => {
  const { house } = scene();
  await scene().backup();
  const context = contextOf(house);
  const plan = await planRestore(context, DEFAULTS);
  const session = plan.sessions.find(({ keep }) => keep === "live");
  for (const path of session?.paths ?? []) await rm(path, { recursive: true });
  await house.write("workspace/later.md", "later");
  await expect(executePlan(context, plan)).rejects.toMatchObject({ code: "E_FAILED" });
  expect(existsSync(house.state("workspace/later.md"))).toBe(true);
  await restoreInPlace(context);
  expect(existsSync(session?.paths[0] ?? "")).toBe(true);
});
