import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { settingsJsonSchema } from "../../scripts/config-schema.ts";
import { readSettings } from "./settings.ts";
import { addSettings } from "./write-settings.ts";

let dir: string;
let file: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "clawback-settings-"));
  file = join(dir, "config.json5");
});
afterEach(() => rm(dir, { recursive: true }));

async function read(source: string) {
  await writeFile(file, source);
  return readSettings(file, "/home/ada");
}

test("a missing file is an empty one, unless somebody named it", async () => {
  expect(await readSettings(file, "/home/ada")).toEqual({});
  await expect(readSettings(file, "/home/ada", { mustExist: true })).rejects.toMatchObject({
    code: "E_USAGE",
    message: expect.stringContaining(file),
  });
});

test("paths become absolute: from the file's directory, or from the home", async () => {
  expect(
    await read(`{
      // the NAS
      repository: "sftp:nas:/backups",
      passwordFile: "secrets/nas",
      stateDir: "~/.openclaw-work",
    }`),
  ).toEqual({
    repository: "sftp:nas:/backups",
    passwordFile: join(dir, "secrets/nas"),
    stateDir: "/home/ada/.openclaw-work",
  });
});

test.each([
  ['{ repositry: "x" }', 'unknown setting "repositry"', 'Did you mean "repository"?'],
  ['{ zzz: "x" }', 'unknown setting "zzz"', expect.stringContaining("The settings are:")],
  ["{ repository: 5 }", '"repository" must be a string', undefined],
  ['{ passwordFile: "" }', '"passwordFile" must not be empty', undefined],
  ['{ exclude: "*.mp4" }', '"exclude" must be a list', undefined],
  ["{ exclude: [5] }", '"exclude.0" must be a string', undefined],
  ["[]", "must hold one object", undefined],
  ["{ repository: ", "invalid end of input at 1:15", undefined],
])("%s is refused with place and reason", async (source, message, hint) => {
  await expect(read(source)).rejects.toMatchObject({
    code: "E_USAGE",
    message: expect.stringContaining(`${file}: ${message}`),
    hint,
  });
});

test("settings are added to a new file, private to its owner", async () => {
  const nested = join(dir, "a", "config.json5");
  expect(await addSettings(nested, { repository: "/srv/backups" })).toEqual(["repository"]);
  expect((await stat(nested)).mode & 0o777).toBe(0o600);
  expect((await stat(join(dir, "a"))).mode & 0o777).toBe(0o700);
  expect(await readSettings(nested, "/home/ada")).toEqual({ repository: "/srv/backups" });
});

test("what the file says stays, comments too", async () => {
  await writeFile(file, `// mine {\n{\n  profile: "work", // not home\n}\n`);
  expect(await addSettings(file, { profile: "other", repository: "s3:b/$&" })).toEqual([
    "repository",
  ]);
  expect(await readFile(file, "utf8")).toBe(
    `// mine {\n{\n  repository: "s3:b/$&",\n  profile: "work", // not home\n}\n`,
  );
});

test("docs/config.schema.json says what the code accepts (mend: node scripts/config-schema.ts)", async () => {
  const published = await readFile(
    new URL("../../docs/config.schema.json", import.meta.url),
    "utf8",
  );
  expect(JSON.parse(published)).toEqual(settingsJsonSchema());
});
