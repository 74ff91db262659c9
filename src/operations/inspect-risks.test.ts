import { chmod, mkdir, readFile, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makeLayoutB, makeLayoutC, type MadeInstance } from "../../test/fixtures/instances.ts";
import { temporaryFolder } from "../../test/support/archives.ts";
import { operationContext } from "../../test/support/operation-context.ts";
import type { InspectDocument, Risk } from "./documents.ts";
import { inspect } from "./inspect.ts";

const isRoot = process.getuid?.() === 0;

interface Scene {
  stateDir: string;
  home: string;
  repository: string;
}

/** What inspect says of an instance that something was done to. */
async function inspected(
  make: (stateDir: string) => Promise<MadeInstance>,
  change: (scene: Scene) => Promise<unknown> = () => Promise.resolve(),
): Promise<InspectDocument> {
  using folder = temporaryFolder();
  await chmod(folder.path, 0o755);
  const home = folder.at("home/ada");
  const stateDir = join(home, ".openclaw");
  const repository = folder.at("disk");
  await mkdir(home, { recursive: true, mode: 0o755 });
  await make(stateDir);
  await change({ stateDir, home, repository });
  return await inspect(operationContext(home, { location: repository }), { exclude: [] });
}

function risk({ risks }: InspectDocument, code: Risk["code"]): Risk | undefined {
  return risks.find((each) => each.code === code);
}

test("every risk comes with a hint", async () => {
  const { risks } = await inspected(makeLayoutC);
  const codes = risks.map(({ code }) => code);
  // The lock of the made instance names process 1, which is root's.
  const expected = [
    "no-repository",
    ...(codes.includes("as-root") ? ["as-root"] : []),
    "no-openclaw",
  ];
  expect(codes).toEqual(expected);
  for (const { hint } of risks) expect(hint).toMatch(/\w/u);
});

test.runIf(isRoot)("a state that belongs to root", async () => {
  const { message = "" } = risk(await inspected(makeLayoutB), "as-root") ?? {};
  expect(message).toContain("belongs to root");
});

test("F18: a repository on the same disk", async () => {
  const document = await inspected(makeLayoutC, async ({ repository }) => {
    await mkdir(repository);
    await writeFile(join(repository, "config"), "sealed");
  });
  expect(risk(document, "same-disk")?.hint).toContain("another disk");
  expect(risk(document, "no-repository")).toBeUndefined();
});

test("secrets that other accounts may read, and only those", async () => {
  const open = async ({ stateDir }: Scene) => {
    await chmod(stateDir, 0o755);
    await chmod(join(stateDir, ".env"), 0o644);
    await chmod(join(stateDir, "workspace"), 0o755);
    await chmod(join(stateDir, "workspace/SOUL.md"), 0o644);
    await chmod(join(stateDir, "credentials/whatsapp/default/creds.json"), 0o644);
  };
  const found = risk(await inspected(makeLayoutC, open), "secrets-readable");
  expect(found?.paths?.map((path) => path.replace(/.*\.openclaw\//u, ""))).toEqual([".env"]);
  expect(found?.hint).toMatch(/chmod go-rwx .*\.openclaw`/u);
});

test("F10: an empty database where memory should be", async () => {
  const document = await inspected(makeLayoutB, ({ stateDir }) =>
    truncate(join(stateDir, "memory/main.sqlite")),
  );
  expect(risk(document, "empty-database")?.paths?.[0]).toMatch(/memory\/main\.sqlite$/u);
  const empty = document.databases.filter((each) => each.empty !== null);
  expect(empty).toMatchObject([{ bytes: 0, rows: null }]);
  expect(document.warnings.join("\n")).toContain("memory/main.sqlite");
});

test("a damaged database", async () => {
  const document = await inspected(makeLayoutB, async ({ stateDir }) => {
    const path = join(stateDir, "memory/main.sqlite");
    const bytes = await readFile(path);
    await writeFile(path, bytes.fill(0xa5, 100, 4096));
  });
  expect(risk(document, "damaged-database")?.paths?.[0]).toMatch(/memory\/main\.sqlite$/u);
  expect(document.databases.filter(({ damaged }) => damaged)).toHaveLength(1);
});

test("F15: a malformed configuration", async () => {
  const document = await inspected(makeLayoutC, ({ stateDir }) =>
    writeFile(join(stateDir, "openclaw.json"), '{ "gateway": '),
  );
  expect(risk(document, "malformed-config")?.paths?.[0]).toMatch(/openclaw\.json$/u);
});

test("other instances on this machine", async () => {
  const document = await inspected(makeLayoutC, async ({ home }) => {
    await mkdir(join(home, ".openclaw-work/agents"), { recursive: true });
    await mkdir(join(home, ".clawdbot/credentials"), { recursive: true });
    await mkdir(join(home, "../bob/.openclaw/state"), { recursive: true });
    // OpenClaw's own, for a moment.
    await mkdir(join(home, ".openclaw-terminal-staging-0"));
  });
  const paths = risk(document, "other-instances")?.paths ?? [];
  expect(paths.map((path) => path.replace(/.*\/home\//u, ""))).toEqual([
    "ada/.clawdbot",
    "ada/.openclaw-work",
    "bob/.openclaw",
  ]);
});

test("memory with a service elsewhere is named as not protected", async () => {
  const document = await inspected(makeLayoutC, async ({ stateDir }) => {
    const path = join(stateDir, "openclaw.json");
    const config = JSON.parse(await readFile(path, "utf8")) as object;
    const plugins = { entries: { "openclaw-supermemory": { enabled: true } } };
    await writeFile(path, JSON.stringify({ ...config, plugins }));
  });
  expect(document.notProtected).toMatchObject([{ service: "Supermemory" }]);
});

test("layout C: what lies in databases is said, and counted", async () => {
  const document = await inspected(makeLayoutC);
  const database = document.components.find(({ component }) => component === "database");
  expect(database?.holds).toEqual(expect.arrayContaining(["credentials", "cron", "sessions"]));
  expect(document.databases.map(({ rows }) => rows)).toEqual(
    expect.arrayContaining([
      { sessions: 2, transcriptEntries: 3, cronJobs: 0, memories: 1 },
      { sessions: 0, transcriptEntries: 0, cronJobs: 2, memories: 0 },
    ]),
  );
});
