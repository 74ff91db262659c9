import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findPassword } from "./password.ts";
import type { PasswordOptions } from "./password.ts";
import { phraseFile, writePhraseFile } from "./phrase-file.ts";

let dir: string;
let warnings: string[];

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "clawback-password-"));
});
afterAll(() => rm(dir, { recursive: true }));

/** A valid phrase: 256 zero bits. */
const PHRASE = `${"abandon ".repeat(23)}art`;
const flags = { fileName: "--password-file", commandName: "--password-command" };

function find(options: Partial<PasswordOptions>): Promise<string[]> {
  warnings = [];
  return findPassword({
    sources: [],
    phraseFile: join(dir, "none.phrase"),
    warn: (message) => warnings.push(message),
    ...options,
  });
}

async function file(name: string, content: string | Uint8Array, mode = 0o600): Promise<string> {
  const path = join(dir, name);
  await writeFile(path, content);
  await chmod(path, mode);
  return path;
}

test("a file counts as restic counts it: byte order mark and outer white space do not", async () => {
  const utf16 = Buffer.from("\uFEFFgr\u00fcn\r\n", "utf16le");
  for (const [content, expected] of [
    ["secret", "secret"],
    ["secret\n", "secret"],
    [" \t two words \r\n\n", "two words"],
    ["first\nsecond\n", "first\nsecond"],
    ["\uFEFFsecret\n", "secret"],
    [utf16, "grün"],
    [utf16.swap16(), "grün"],
  ] as const) {
    const path = await file("p", content);
    expect(await find({ sources: [{ ...flags, file: path }] })).toEqual([expected]);
  }
  expect(warnings).toEqual([]);
});

test("a file that others can read works, with a warning", async () => {
  const path = await file("wide", "secret", 0o640);
  expect(await find({ sources: [{ ...flags, file: path }] })).toEqual(["secret"]);
  expect(warnings).toEqual([
    `other users can read the password file ${path}; mend it with: chmod 600 ${path}`,
  ]);
});

test.each([
  ["missing", undefined, "does not exist"],
  ["empty", " \n", "is empty"],
  ["binary", new Uint8Array([0xc3, 0x28]), "cannot be read: "],
])("a %s file is an error that names it", async (name, content, reason) => {
  const path = content === undefined ? join(dir, name) : await file(name, content);
  await expect(find({ sources: [{ ...flags, file: path }] })).rejects.toMatchObject({
    code: "E_NO_PASSWORD",
    message: expect.stringContaining(`${path} ${reason}`),
  });
});

test("a command's output is trimmed; no shell reads the command", async () => {
  const run = (command: string) => find({ sources: [{ ...flags, command }] });
  expect(await run("printf ' a b\\n'")).toEqual(["a b"]);
  expect(await run("echo '$HOME;ls'")).toEqual(["$HOME;ls"]);
});

test.each([
  ["sh -c 'exit 3' top-secret", "the password command sh exited with 3"],
  ["true top-secret", "the password command true printed nothing"],
  ["no-such-program top-secret", "the password command no-such-program did not run: "],
])("%s fails and keeps its arguments to itself", async (command, message) => {
  const failure = find({ sources: [{ ...flags, command }] });
  await expect(failure).rejects.toMatchObject({
    code: "E_NO_PASSWORD",
    message: expect.stringContaining(message),
  });
  await expect(failure).rejects.not.toThrow("top-secret");
});

test("a command that takes for ever ends with the signal", async () => {
  const reason = new Error("stopped");
  const controller = new AbortController();
  setTimeout(() => controller.abort(reason), 50);
  await expect(
    find({ sources: [{ ...flags, command: "sleep 60" }], signal: controller.signal }),
  ).rejects.toBe(reason);
});

test("the first source that says anything wins, then the phrase file, then the person", async () => {
  const stored = await file("stored.phrase", `${PHRASE}\n`);
  const prompt = async () => "typed";
  const [first, second] = [
    { ...flags, password: "first" },
    { ...flags, password: "second" },
  ];
  expect(await find({ sources: [first, second], phraseFile: stored, prompt })).toEqual(["first"]);
  expect(await find({ sources: [flags, second], phraseFile: stored, prompt })).toEqual(["second"]);
  expect(await find({ sources: [flags], phraseFile: stored, prompt })).toEqual([PHRASE]);
  expect(await find({ sources: [flags], prompt })).toEqual(["typed"]);
});

test("nobody to ask: the flag is named", async () => {
  await expect(find({})).rejects.toMatchObject({
    code: "E_NO_PASSWORD",
    hint: expect.stringContaining("--password-file"),
  });
});

test("file and command at once are refused", async () => {
  await expect(find({ sources: [{ ...flags, file: "/f", command: "c" }] })).rejects.toMatchObject({
    code: "E_USAGE",
  });
});

test("a phrase in other letters or spacing: as typed first, then as it was made", async () => {
  const typed = `  ${PHRASE.toUpperCase().replaceAll(" ", "  ")}`;
  expect(await find({ sources: [{ ...flags, password: typed }] })).toEqual([typed, PHRASE]);
  expect(await find({ sources: [{ ...flags, password: PHRASE }] })).toEqual([PHRASE]);
});

test("a stored phrase is never overwritten, and serves as a password file", async () => {
  const path = phraseFile(join(dir, "secrets"), "rest:https://ada:pw@host:8000/my-repo/");
  expect(path).toMatch(/\/secrets\/my-repo-[0-9a-f]{8}\.phrase$/u);
  expect(phraseFile(join(dir, "secrets"), "rest:https://ada:new@host:8000/my-repo")).toBe(path);
  await writePhraseFile(path, PHRASE);
  expect(await find({ phraseFile: path })).toEqual([PHRASE]);
  expect(warnings).toEqual([]);
  await expect(writePhraseFile(path, "other")).rejects.toMatchObject({ code: "EEXIST" });
});
