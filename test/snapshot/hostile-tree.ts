/**
 * Makes a tree that is hostile to whoever walks it, and prints what a backup of it must report. A
 * program of its own, since it changes its working directory (some paths are longer than any call
 * takes), and runs as a user whom permissions bind: `node hostile-tree.ts <directory> <files>`.
 */
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Paths are as latin1, from the tree's root on. */
export interface HostileTree {
  files: number;
  directories: number;
  links: number;
  leftOut: { path: string; reason: string }[];
  failures: { path: string; code: string }[];
  /** A file for a program to write to for ever; large enough that it will while it is read. */
  growing: string;
  sparse: string;
}

const PATH_MAX = 4096;
const DEPTH = 200;
const FILES_IN_A_DIRECTORY = 500;

/** @param path of a directory that is not there yet */
async function makeHostileTree(path: string, files: number): Promise<HostileTree> {
  const tree: HostileTree = {
    files: 0,
    directories: 0,
    links: 0,
    leftOut: [],
    failures: [],
    growing: "growing.log",
    sparse: "sparse",
  };
  fs.mkdirSync(path);
  process.chdir(path);
  makeMany(tree, files);
  makeDepth(tree);
  makeLinks(tree);
  await makeSpecial(tree);
  makeLocked(tree);
  makeNames(tree);
  makeFile(tree, tree.growing, "begun\n".repeat(2 << 20));
  makeFile(tree, tree.sparse, "begin");
  fs.truncateSync(tree.sparse, 20 * 2 ** 30);
  makeLongPaths(tree, path);
  return tree;
}

function makeDirectory(tree: HostileTree, path: string | Buffer): void {
  fs.mkdirSync(path);
  tree.directories++;
}

function makeFile(tree: HostileTree, path: string | Buffer, content: string): void {
  fs.writeFileSync(path, content);
  tree.files++;
}

function makeMany(tree: HostileTree, files: number): void {
  makeDirectory(tree, "many");
  let directory = "";
  for (let i = 0; i < files; i++) {
    if (i % FILES_IN_A_DIRECTORY === 0) makeDirectory(tree, (directory = join("many", `${i}`)));
    makeFile(tree, join(directory, `note-${i}.md`), `note ${i}\n`);
  }
}

function makeDepth(tree: HostileTree): void {
  let path = "";
  for (let level = 0; level < DEPTH; level++) makeDirectory(tree, (path = join(path, "deep")));
  makeFile(tree, join(path, "bottom"), "here");
}

function makeLinks(tree: HostileTree): void {
  makeDirectory(tree, "loops");
  const targets = { self: "self", a: "b", b: "a", up: "..", here: ".", root: "/", gone: "nothing" };
  for (const [name, target] of Object.entries(targets)) {
    fs.symlinkSync(target, join("loops", name));
    tree.links++;
  }
}

async function makeSpecial(tree: HostileTree): Promise<void> {
  execFileSync("mkfifo", ["fifo"]);
  tree.leftOut.push({ path: "fifo", reason: "named pipe of a running program" });
  const server = createServer();
  await new Promise<void>((done) => server.listen("socket.new", done));
  // Closing the server takes its socket away, unless it has moved meanwhile.
  fs.renameSync("socket.new", "socket");
  await new Promise((done) => server.close(done));
  tree.leftOut.push({ path: "socket", reason: "socket of a running program" });
}

function makeLocked(tree: HostileTree): void {
  makeDirectory(tree, "locked");
  fs.writeFileSync("locked/inside", "nobody may look");
  fs.chmodSync("locked", 0);
  fs.writeFileSync("secret", "nobody may read", { mode: 0 });
  tree.failures.push({ path: "locked", code: "EACCES" }, { path: "secret", code: "EACCES" });
}

function makeNames(tree: HostileTree): void {
  makeDirectory(tree, "names");
  for (const name of ["case", "Case", "CASE", "new\nline", "-rf", " ", "x".repeat(255)]) {
    makeFile(tree, join("names", name), name);
  }
  for (const bytes of ["ff", "63616ee9", "e282", "c0af", "eda080"]) {
    makeFile(tree, Buffer.concat([Buffer.from("names/"), Buffer.from(bytes, "hex")]), bytes);
  }
}

/** Directories within each other up to the longest path there is, and beyond. */
function makeLongPaths(tree: HostileTree, root: string): void {
  const name = "long".padEnd(255, "g");
  let length = Buffer.byteLength(root);
  let path = "";
  const makeHere = (child: string, make: () => void) => {
    if (length + 1 + child.length < PATH_MAX) return true;
    make();
    tree.failures.push({ path: join(path, child), code: "ENAMETOOLONG" });
    return false;
  };
  while (makeHere(name, () => fs.mkdirSync(name))) {
    makeDirectory(tree, name);
    process.chdir(name);
    path = join(path, name);
    length += 1 + name.length;
    makeFile(tree, "f", `${length}`);
  }
  // The longest path that can be, and one byte more, where names may still be that long.
  for (const last of [PATH_MAX - 1, PATH_MAX]) {
    const child = "".padEnd(last - length - 1, "z");
    if (child.length === 0 || child.length > 255) continue;
    if (makeHere(child, () => fs.writeFileSync(child, "beyond"))) makeFile(tree, child, "longest");
  }
  process.chdir(name);
  fs.writeFileSync("beyond", "where no path leads");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , path, files] = process.argv as [string, string, string, string];
  const tree = await makeHostileTree(path, Number(files));
  process.stdout.write(JSON.stringify(tree));
}
