import { execFileSync } from "node:child_process";
import { createCipheriv } from "node:crypto";
import * as fs from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";

/** Names that some program somewhere gets wrong. */
const ODD_TEXTS = {
  quotes: ['"', "'", "\\", "\\x41", "\\u0041", "a\\", '"quoted"', "%41", "$HOME", "`id`", "*", "?"],
  controls: [
    "new\nline",
    "tab\there",
    "bell\x07",
    "vt\v",
    "ff\f",
    "bs\b",
    "cr\r",
    "\x01",
    "\x1f",
    "\x7f",
  ],
  shapes: [" leading", "trailing ", " ", "-rf", "--", "...", ".hidden", "~", "<&>", "a:b", "name."],
  letters: ["Case", "case", "CASE", "é", "e\u0301", "日本語", "עברית", "👩‍👩‍👧", "🦞", "\u{1d11e}"],
  unseen: ["\u0080", "\u00a0", "\u00ad", "\u200b", "\u2028", "\u2029", "\u202e", "\ufeff"],
  strange: ["\ufffd", "\ue000", "\uffff", "\u{10ffff}", "x".repeat(255), `${"é".repeat(127)}e`],
  words: ["__proto__", "constructor", "nodes", "1234567890123456789", ":1234567890123456789"],
};

/** Latin-1, lone continuations, cut sequences, an overlong slash, a surrogate, beyond Unicode. */
const ODD_BYTES = ["ff", "63616ee9", "80", "61e282", "c0af", "eda080", "f5808080", "0aff22"];

const ODD_NAMES = [
  ...Object.values(ODD_TEXTS)
    .flat()
    .map((name) => Buffer.from(name, "utf8")),
  ...ODD_BYTES.map((bytes) => Buffer.from(bytes, "hex")),
];

const KIB = 1024;
const MIB = 1024 * KIB;
/** Around the sizes where restic's chunker has to, may and must cut. */
const SIZES = [0, 1, 512 * KIB - 64, 512 * KIB, 512 * KIB + 1, MIB, 8 * MIB, 8 * MIB + 1];

/**
 * Fills an empty directory with what file systems allow and programs stumble over. Device nodes,
 * foreign owners and files that nobody may read come along only for root; a socket stands in
 * `types/socket`.
 */
export async function makeOddTree(root: string): Promise<void> {
  const isRoot = process.getuid?.() === 0;
  makeNames(join(root, "names"));
  makeModes(join(root, "modes"), isRoot);
  makeOddTimes(join(root, "times"));
  makeLinks(join(root, "links"));
  await makeTypes(join(root, "types"), isRoot);
  makeSizes(join(root, "sizes"));
  makeDepth(join(root, "deep"));
}

/** Bytes that do not compress and are the same each time. */
function noise(size: number, seed: number): Buffer {
  const cipher = createCipheriv("aes-128-ctr", Buffer.alloc(16, seed), Buffer.alloc(16));
  return cipher.update(Buffer.alloc(size));
}

function makeNames(folder: string): void {
  fs.mkdirSync(folder);
  for (const [index, name] of ODD_NAMES.entries()) {
    const path = Buffer.concat([Buffer.from(`${folder}/`), name]);
    if (index % 5 === 4) {
      fs.mkdirSync(path);
      fs.writeFileSync(Buffer.concat([path, Buffer.from("/inside")]), name);
    } else {
      fs.writeFileSync(path, name);
    }
  }
}

function makeModes(folder: string, isRoot: boolean): void {
  fs.mkdirSync(folder);
  const modes = [0o400, 0o444, 0o600, 0o755, 0o777, 0o4755, 0o2755, 0o1644, 0o7777];
  if (isRoot) modes.push(0o000, 0o4000);
  for (const mode of modes) {
    const name = mode.toString(8).padStart(4, "0");
    fs.writeFileSync(join(folder, `file-${name}`), name);
    fs.chmodSync(join(folder, `file-${name}`), mode);
    if (!isRoot && (mode & 0o700) !== 0o700) continue;
    fs.mkdirSync(join(folder, `dir-${name}`));
    fs.chmodSync(join(folder, `dir-${name}`), mode);
  }
  if (!isRoot) return;
  fs.writeFileSync(join(folder, "foreign"), "");
  fs.chownSync(join(folder, "foreign"), 12_345, 54_321);
  fs.writeFileSync(join(folder, "last-uid"), "");
  fs.chownSync(join(folder, "last-uid"), 2 ** 32 - 2, 2 ** 31);
}

/** Times of change before 1970, beyond 2038, in summer and winter, with every kind of fraction. */
export function makeOddTimes(folder: string): void {
  fs.mkdirSync(folder);
  const times = [
    "1969-12-31T23:59:59.999999999Z",
    "1960-02-29T12:00:00.000000001Z",
    "1970-01-01T00:00:00Z",
    "2001-09-09T01:46:40.5Z",
    "2024-07-01T12:00:00.123456789Z",
    "2024-12-01T12:00:00.100000000Z",
    "2037-12-31T23:59:59.000001Z",
    "2100-01-01T00:00:00.000000010Z",
  ];
  for (const [index, time] of times.entries()) {
    const path = join(folder, `time-${index}`);
    fs.writeFileSync(path, time);
    execFileSync("touch", ["-d", time, path]);
  }
  fs.mkdirSync(join(folder, "dir"));
  fs.symlinkSync("time-0", join(folder, "link"));
  execFileSync("touch", ["-h", "-d", "1999-12-31T23:59:59.987654321Z", join(folder, "link")]);
  execFileSync("touch", ["-d", "1965-05-05T05:05:05.5Z", join(folder, "dir")]);
}

function makeLinks(folder: string): void {
  fs.mkdirSync(folder);
  fs.writeFileSync(join(folder, "target"), "pointed at");
  const targets = [
    "target",
    "./target",
    "../links/target",
    "/etc/hostname",
    "nowhere",
    "loop",
    ".",
  ];
  for (const target of [...targets, "a\nb", '"<\\>"', "日本", "y".repeat(1000)]) {
    fs.symlinkSync(target, join(folder, `to-${targets.indexOf(target)}-${target.length}`));
  }
  fs.symlinkSync("loop", join(folder, "loop"));
  fs.symlinkSync(Buffer.from("6361e9ff2f22", "hex"), join(folder, "to-bytes"));
  fs.mkdirSync(join(folder, "hard"));
  fs.writeFileSync(join(folder, "hard", "one"), "the same file");
  fs.linkSync(join(folder, "hard", "one"), join(folder, "hard", "two"));
  fs.linkSync(join(folder, "hard", "one"), join(folder, "three"));
  fs.writeFileSync(join(folder, "hard", "a"), "");
  fs.linkSync(join(folder, "hard", "a"), join(folder, "hard", "b"));
}

async function makeTypes(folder: string, isRoot: boolean): Promise<void> {
  fs.mkdirSync(folder);
  execFileSync("mkfifo", ["-m", "0640", join(folder, "fifo")]);
  fs.mkdirSync(join(folder, "empty"));
  await makeSocket(join(folder, "socket"));
  if (!isRoot) return;
  try {
    execFileSync("mknod", [join(folder, "null"), "c", "1", "3"], { stdio: "ignore" });
    execFileSync("mknod", [join(folder, "block"), "b", "259", "70000"], { stdio: "ignore" });
  } catch {
    // A container's root may not make device nodes: then there are none to back up either.
  }
}

/** Closing a server takes its socket away, unless it has moved meanwhile. */
async function makeSocket(path: string): Promise<void> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(`${path}.new`, done));
  fs.renameSync(`${path}.new`, path);
  await new Promise((done) => server.close(done));
}

function makeSizes(folder: string): void {
  fs.mkdirSync(folder);
  for (const [index, size] of SIZES.entries()) {
    fs.writeFileSync(join(folder, `size-${size}`), noise(size, index));
  }
  fs.writeFileSync(join(folder, "zeros"), Buffer.alloc(3 * MIB));
  fs.writeFileSync(join(folder, "text"), "the same line again\n".repeat(200_000));
  const sparse = fs.openSync(join(folder, "sparse"), "w");
  fs.ftruncateSync(sparse, 20 * MIB);
  fs.writeSync(sparse, "an island", 10 * MIB);
  fs.closeSync(sparse);
}

function makeDepth(folder: string): void {
  const deepest = join(folder, ...Array.from({ length: 25 }, (_, level) => `level-${level}`));
  fs.mkdirSync(deepest, { recursive: true });
  fs.writeFileSync(join(deepest, "bottom"), "here");
}
